import { randomBytes } from 'node:crypto'
import {
  context,
  type Context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from '@opentelemetry/api'
import type { ClaimedDelivery } from '../store/deliveries.ts'

const TRACEPARENT = /^00-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})$/

/** One attempt as a trace knows it. */
export interface AttemptTrace {
  /** What is sent with it. */
  readonly traceparent: string
  /** Ends it, once `tell` has run inside of it: so lines of the log about an attempt lead to its span. */
  end<T>(error: string | undefined, tell: () => T): T
}

/** Whether a header is a trace context that can be continued. */
export function isTraceparent(header: string | undefined): header is string {
  return header !== undefined && TRACEPARENT.test(header) && !/-0{32}-|-0{16}-/.test(header)
}

/**
 * Makes the function that traces attempts. Each is a span in the trace that its event came with. Where no spans leave the
 * process, the event's own trace context is handed on; one that came without gets a trace id made of its own id.
 */
export function createAttemptTraces(
  tracerProvider: TracerProvider | undefined,
): (delivery: ClaimedDelivery, subscription: string) => AttemptTrace {
  if (tracerProvider === undefined) {
    return ({ traceparent, event }) => ({ traceparent: traceparent ?? withoutSpan(event), end: (_, tell) => tell() })
  }
  const tracer = tracerProvider.getTracer('relay')
  return ({ event, type, attempts, traceparent }, subscription) => {
    const attributes = { 'relay.event': event, 'relay.event.type': type, 'relay.subscription': subscription }
    const options = { kind: SpanKind.CLIENT, attributes: { ...attributes, 'relay.attempt': attempts } }
    const span = tracer.startSpan('deliver event', options, contextOf(traceparent))
    const { traceId, spanId, traceFlags } = span.spanContext()
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      end: (error, tell) => {
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
        try {
          return context.with(trace.setSpan(ROOT_CONTEXT, span), tell)
        } finally {
          span.end()
        }
      },
    }
  }
}

/** The context of a header, in which a span is part of the trace that it names. */
export function contextOf(traceparent: string | null): Context {
  const { traceId, spanId, flags } = TRACEPARENT.exec(traceparent ?? '')?.groups ?? {}
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  const traceFlags = Number.parseInt(flags, 16) & 1
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

function withoutSpan(event: string): string {
  return `00-${event.replace(/^evt_/, '')}-${randomBytes(8).toString('hex')}-00`
}
