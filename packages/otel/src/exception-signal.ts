import { show } from '@svc/core/internal'

/** Where exceptions are recorded: as events of their span, as log records, or as both. */
export type ExceptionSignal = 'span' | 'log' | 'both'

/**
 * Reads the value of OpenTelemetry's environment variable `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`: a list with commas in
 * which `logs/dup` asks for both and `logs` for log records alone; anything else, and no value, means events of the span.
 * The program hands the value in, since no package here looks at the environment by itself.
 *
 * @param value The variable's value, `undefined` where it is not set.
 * @returns What option `exceptions` of `otel()` takes.
 * @throws TypeError for a value that is neither a string nor `undefined`.
 *
 * @example Exceptions as the environment asks for them
 * ```ts
 * otel({ exceptions: exceptionSignal(process.env.OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN) })
 * ```
 */
export function exceptionSignal(value: string | undefined): ExceptionSignal {
  if (value === undefined) return 'span'
  if (typeof value !== 'string') {
    throw new TypeError(`Cannot use the exception signal: expected a string or undefined, got ${show(value)}`)
  }
  const asked = value.split(',').map((part) => part.trim())
  if (asked.includes('logs/dup')) return 'both'
  return asked.includes('logs') ? 'log' : 'span'
}
