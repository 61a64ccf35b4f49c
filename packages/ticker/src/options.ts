import { checkDuration, checkNumber, checkObject, checkPeriod, show } from '@svc/core/internal'
import type { TickerOptions } from './ticker.ts'

export function checkJitter(value: unknown, what: string): void {
  checkNumber(value, what)
  if (!((value as number) >= 0 && (value as number) <= 1)) {
    throw new RangeError(`Cannot use ${what}: expected a number from 0 to 1, got ${show(value)}`)
  }
}

export function checkOptions(options: TickerOptions): void {
  checkObject(options, 'the options')
  const { periodMs, initialMs, jitter } = options
  checkPeriod(periodMs, 'option "periodMs"')
  if (initialMs !== undefined) checkDuration(initialMs, 'option "initialMs"')
  if (jitter !== undefined) checkJitter(jitter, 'option "jitter"')
}
