/** A value, or something that can be awaited for it. */
export type Awaitable<T> = T | PromiseLike<T>

/** The seven states, spelled as in the Go original and numbered 0 to 6 in this order where a number is shown. */
export type ServiceState = 'Unstarted' | 'Started' | 'Starting' | 'StartFailed' | 'Stopping' | 'Stopped' | 'StopFailed'

/** The states by number: `SERVICE_STATES[0]` is `'Unstarted'`. */
export const SERVICE_STATES: readonly ServiceState[] = [
  'Unstarted',
  'Started',
  'Starting',
  'StartFailed',
  'Stopping',
  'Stopped',
  'StopFailed',
]

/** Something that can be closed. */
export interface Closable {
  close(signal?: AbortSignal): Awaitable<void>
}

/** Something that can be started and closed. */
export interface StartClose extends Closable {
  start(signal?: AbortSignal): Awaitable<void>
}

/** Health by full name: `null` is healthy, an absent name is unknown. */
export type HealthReport = ReadonlyMap<string, Error | null>

/** Something that tells how it is. */
export interface HealthReporter {
  /** The full name, `Parent.Child`. */
  name(): string
  /** `null` when ready to serve, else why not. */
  readiness(): Error | null
  /** One entry for each part. As in Go, reading it consumes buffered errors: whoever only wants to look reads a checker's snapshot. */
  healthReport(): HealthReport
}

/**
 * A unit with a life: started once, closed once.
 *
 * ```
 *             start              ok
 * Unstarted ────────▶ Starting ──────▶ Started ────▶ Stopping ─────▶ Stopped
 *                        │                   close       │       ok
 *                        │ failed                        │ failed
 *                        ▼                               ▼
 *                   StartFailed                     StopFailed
 * ```
 */
export interface Service extends HealthReporter {
  /**
   * Starts it. From `Unstarted` only; in every other state it rejects at once with `ALREADY_STARTED`.
   * The signal is for starting up: aborting it later changes nothing.
   */
  start(signal?: AbortSignal): Promise<void>
  /**
   * Closes it. `Started`: closes. `Starting`, `Stopping`: waits, then judges the state that it finds. `Unstarted`:
   * rejects with `CANNOT_STOP_UNSTARTED`; `Stopped`: `ALREADY_STOPPED`; `StartFailed`, `StopFailed`: `CANNOT_STOP`.
   * The signal is the end of the budget: once it aborts, every step left is still begun, none is awaited.
   */
  close(signal?: AbortSignal): Promise<void>
}
