import type { HealthSource } from '@svc/core'
import { checkDetails, checkFunction, checkNumber, checkObject, checkSignal, show } from '@svc/core/internal'
import type { MetricsSource } from './metrics.ts'

/** Options of `createProbes`. */
export interface ProbesOptions {
  /** Where the health is read from: a health checker. Only its `snapshot()` is called, so no probe runs or consumes anything. */
  readonly source: HealthSource
  /** Once it aborts, `/readyz` fails and `/livez` goes on as before: the `draining` of the root scope. */
  readonly draining: AbortSignal
  /** What `/metrics` serves; it is 404 without. Of several, which show the same in formats of their own, the one that `Accept` asks for, else the first. */
  readonly metrics?: MetricsSource | readonly MetricsSource[] | undefined
  /** Who may see error messages, version and commit: `'never'`, the default, shows names and status only. */
  readonly details?: 'never' | 'always' | ((request: Request) => boolean) | undefined
  /** The status of `/health` while something is unhealthy; 503 by default, 207 as the Go original's users expect. */
  readonly unhealthyStatus?: number | undefined
}

/** Statuses that must not have a body. */
const BODILESS: readonly number[] = [204, 205, 304]

/** @throws TypeError or RangeError for one that cannot be used */
export function checkOptions(options: ProbesOptions): void {
  checkSource(options.source)
  checkDraining(options.draining)
  checkDetails(options.details)
  checkStatus(options.unhealthyStatus)
}

function checkSource(source: HealthSource): void {
  checkObject(source, 'option "source"')
  checkFunction(source.snapshot, 'the method "snapshot" of option "source"')
}

function checkDraining(draining: AbortSignal | undefined): void {
  if (draining === undefined)
    throw new TypeError('Cannot use option "draining": expected an AbortSignal, got undefined')
  checkSignal(draining, 'option "draining"')
}

function checkStatus(status: number | undefined): void {
  checkNumber(status, 'option "unhealthyStatus"')
  if (takesBody(status)) return
  throw new RangeError(
    `Cannot use option "unhealthyStatus": expected an HTTP status of 200 to 599 that has a body, got ${show(status)}`,
  )
}

function takesBody(status: number | undefined): boolean {
  return (
    Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599 && !BODILESS.includes(Number(status))
  )
}
