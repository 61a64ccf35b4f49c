import * as api from '@opentelemetry/api'
import type { Logger } from '@svc/core'
import { checkLogger } from '@svc/core/internal'
import { outside } from './contexts.ts'

/** The active span, under the names that OpenTelemetry gives to trace context in logs; all or none. */
export interface TraceFields {
  readonly trace_id?: string
  readonly span_id?: string
  /** Two hexadecimal digits, `01` where the span is sampled. */
  readonly trace_flags?: string
}

/**
 * Gives what a log line needs so that it can be found from its trace and its trace from the line; nothing where no span is
 * active, or where it has ended, as that of a start has in the timers that the start has set. Whether one is, is what a registered context manager knows: without one there is never anything. Each call gives
 * a new object.
 *
 * @example The mixin of pino
 * ```ts
 * const logger = pino({ mixin: traceFields })
 * ```
 */
export function traceFields(): TraceFields {
  const span = api.trace.getSpanContext(outside())
  if (span === undefined || !api.isSpanContextValid(span)) return {}
  const { traceId, spanId, traceFlags } = span
  return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, '0') }
}

/**
 * Makes a logger that adds {@link traceFields} to each line of another one, such as `console`. Fields of the line itself
 * win. A `flush` that the other one has is kept.
 *
 * @throws TypeError for what is no logger.
 *
 * @example Lines on the console that name their span
 * ```ts
 * const scope = createScope({ logger: withTraceFields(console), exporters: [otel()] })
 * ```
 */
export function withTraceFields(logger: Logger): Logger {
  checkLogger(logger, 'the logger')
  const log =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      logger[level]({ ...traceFields(), ...fields }, message)
    }
  const traced: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  // At the end of a program, the last lines are sent through it.
  const { flush } = logger as { readonly flush?: unknown }
  return typeof flush === 'function' ? Object.assign(traced, { flush: flush.bind(logger) as unknown }) : traced
}
