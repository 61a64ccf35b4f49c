import type { RootScope, StartClose } from '@svc/core'
import { checkDuration, checkFunction, checkObject, checkScope, checkSignal, show } from '@svc/core/internal'

/** Options of `runService`. All durations are milliseconds. */
export interface RunOptions {
  /** The root scope of the program: it is told to drain, flushed last, and its logger gets a line a step. */
  readonly scope: RootScope
  /** Started before the service, in order, and closed after it, in reverse: the health checker, the admin listener. None by default. */
  readonly around?: readonly StartClose[] | undefined
  /** A stop is asked for when it aborts, as by SIGTERM. The caller who gives one keeps the process: what is left open is not ended by force. */
  readonly signal?: AbortSignal | undefined
  /** The budget for everything between the request to stop and the last close, the drain delay included; 25,000 by default. */
  readonly graceMs?: number | undefined
  /** How long to go on serving, while not ready any more, before the close begins; 0 by default. Below `graceMs`. */
  readonly drainDelayMs?: number | undefined
  /** The budget of the telemetry flush after the last close, on top of `graceMs`; 2,000 by default. */
  readonly flushMs?: number | undefined
}

/** {@link RunOptions} after the defaults. */
export interface Plan {
  readonly scope: RootScope
  readonly around: readonly StartClose[]
  readonly signal: AbortSignal | undefined
  readonly graceMs: number
  readonly drainDelayMs: number
  readonly flushMs: number
}

/** @throws TypeError or RangeError for what cannot be used, before anything has changed */
export function planOf(service: StartClose, options: RunOptions): Plan {
  checkStartClose(service, 'the service')
  checkObject(options, 'the options')
  const { scope, around = [], signal, graceMs = 25_000, drainDelayMs = 0, flushMs = 2_000 } = options
  checkScope(scope, 'option "scope"')
  checkFunction(scope.drain, 'the method "drain" of option "scope" (a root scope, of createScope)')
  checkFunction(scope.flush, 'the method "flush" of option "scope" (a root scope, of createScope)')
  checkAround(around)
  checkSignal(signal, 'option "signal"')
  checkDuration(graceMs, 'option "graceMs"')
  checkDuration(drainDelayMs, 'option "drainDelayMs"')
  checkDuration(flushMs, 'option "flushMs"')
  if (drainDelayMs > 0 && drainDelayMs >= graceMs) {
    throw new RangeError(
      `Cannot use option "drainDelayMs": expected less than the ${graceMs} of "graceMs", which it is a part of, got ${drainDelayMs}`,
    )
  }
  return { scope, around: [...around], signal, graceMs, drainDelayMs, flushMs }
}

function checkAround(around: readonly StartClose[]): void {
  if (!Array.isArray(around)) throw new TypeError(`Cannot use option "around": expected an array, got ${show(around)}`)
  const entries = around as readonly (StartClose | undefined)[]
  // By index: a hole is a wrong entry, which forEach would pass over.
  for (let i = 0; i < entries.length; i++) checkStartClose(entries[i], `entry ${i + 1} of option "around"`)
}

function checkStartClose(value: StartClose | undefined, what: string): void {
  checkObject(value, what)
  checkFunction(value?.start, `the method "start" of ${what}`)
  checkFunction(value?.close, `the method "close" of ${what}`)
}
