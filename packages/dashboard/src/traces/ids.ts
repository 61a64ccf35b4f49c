import { rootOf, type Span, type Trace } from './model.ts'

/** What OpenTelemetry calls a trace; `undefined` where its spans are not recorded. */
export function recordedId(trace: Trace): string | undefined {
  return rootOf(trace).reference?.traceId ?? trace.spans.find((it) => it.reference !== undefined)?.reference?.traceId
}

/** The trace's id in a file for Jaeger: that of OpenTelemetry, else its own. */
export function traceIdOf(trace: Trace): string {
  return recordedId(trace) ?? trace.id
}

/** A span's id there: that of OpenTelemetry, else one made of the random id of the trace and the span's number. */
export function spanIdOf({ reference, trace, number }: Span): string {
  if (reference !== undefined) return reference.spanId
  const first = BigInt(`0x${trace.id.slice(0, 16)}`)
  const id = BigInt.asUintN(64, first + BigInt(number))
  // All zeros means that there is none.
  return (id === 0n ? 1n << 63n : id).toString(16).padStart(16, '0')
}
