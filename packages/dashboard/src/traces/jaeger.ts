import { attributesOf, type AttributeValue } from './attributes.ts'
import { spanIdOf, traceIdOf } from './ids.ts'
import type { Links } from './links.ts'
import { durationOf, type Span, titleOf, type Trace } from './model.ts'

/** A key and its value, as Jaeger writes one. */
export interface JaegerTag {
  readonly key: string
  readonly type: 'string' | 'bool' | 'int64' | 'float64'
  readonly value: string | number | boolean
}

export interface JaegerReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
  readonly traceID: string
  readonly spanID: string
}

/** Times are whole microseconds. */
export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly references: readonly JaegerReference[]
  readonly startTime: number
  readonly duration: number
  readonly tags: readonly JaegerTag[]
  readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[]
  readonly processID: string
  readonly warnings: readonly string[] | null
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>>
  readonly warnings: null
}

/** What Jaeger's query API answers with, and what its page takes as a file. */
export interface JaegerFile {
  readonly data: readonly JaegerTrace[]
  readonly total: number
  readonly limit: number
  readonly offset: number
  readonly errors: null
}

export interface JaegerOptions {
  /** What Jaeger lists the program as. */
  readonly program: string
  readonly links: Links
  readonly now: number
  /** Whether messages and stacks may be in it. */
  readonly details: boolean
}

/** Writes traces as a file for Jaeger. Those that OpenTelemetry has under one id are one there as well. */
export function toJaeger(traces: readonly Trace[], options: JaegerOptions): JaegerFile {
  const spans = new Map<string, JaegerSpan[]>()
  for (const trace of traces) {
    const id = traceIdOf(trace)
    const written = trace.spans.map((span) => toSpan(span, id, options))
    spans.set(id, [...(spans.get(id) ?? []), ...written])
  }
  const processes = {
    p1: {
      serviceName: options.program,
      tags: [tag('process.runtime.description', globalThis.navigator?.userAgent ?? 'unknown')],
    },
  }
  const data = [...spans].map(([traceID, spans]) => ({ traceID, spans, processes, warnings: null }))
  return { data, total: data.length, limit: 0, offset: 0, errors: null }
}

function toSpan(span: Span, traceID: string, options: JaegerOptions): JaegerSpan {
  const { startedAt, endedAt, parent, leftOut, leftOutMs } = span
  const warnings: string[] = []
  if (endedAt === undefined) warnings.push('This had not ended when the file was written.')
  if (leftOut > 0) {
    const took = leftOutMs > 0 ? `, together ${Math.round(leftOutMs)} ms` : ''
    warnings.push(`${leftOut} spans below it that ended well were left out${took}.`)
  }
  const startTime = micros(startedAt)
  return {
    traceID,
    spanID: spanIdOf(span),
    operationName: titleOf(span),
    references: referencesOf(span, parent, traceID, options.links),
    startTime,
    // The difference of two rounded ends, so that what follows begins where this one ends.
    duration: Math.max(0, micros(startedAt + durationOf(span, options.now)) - startTime),
    tags: tagsOf(span, options.details),
    logs: options.details ? logsOf(span) : [],
    processID: 'p1',
    warnings: warnings.length > 0 ? warnings : null,
  }
}

function referencesOf(span: Span, parent: Span | undefined, traceID: string, links: Links): readonly JaegerReference[] {
  const references: JaegerReference[] = []
  if (parent !== undefined) references.push({ refType: 'CHILD_OF', traceID, spanID: spanIdOf(parent) })
  for (const { type, to } of links.of(span)) {
    if (type !== 'start' && type !== 'previous') continue
    const other = traceIdOf(to.trace)
    if (other !== traceID) references.push({ refType: 'FOLLOWS_FROM', traceID: other, spanID: spanIdOf(to) })
    // Where all is one trace, what a link would say is said by where it stands.
    else if (references.length === 0) references.push({ refType: 'CHILD_OF', traceID, spanID: spanIdOf(to) })
  }
  return references
}

function tagsOf(span: Span, details: boolean): readonly JaegerTag[] {
  const tags = Object.entries(attributesOf(span)).map(([key, value]) => tag(key, value))
  tags.push(tag('span.kind', 'internal'))
  const { failure } = span
  if (failure === undefined) return tags
  tags.push(tag('error', true), tag('otel.status_code', 'ERROR'), tag('error.type', failure.type))
  if (details) tags.push(tag('otel.status_description', failure.summary))
  return tags
}

function logsOf({ failure, endedAt, startedAt }: Span): JaegerSpan['logs'] {
  if (failure === undefined) return []
  const timestamp = micros(endedAt ?? startedAt)
  return failure.exceptions.map(({ type, message, stack }) => {
    const fields = [tag('event', 'exception'), tag('exception.type', type), tag('exception.message', message)]
    if (stack !== '') fields.push(tag('exception.stacktrace', stack))
    return { timestamp, fields }
  })
}

function tag(key: string, value: AttributeValue): JaegerTag {
  if (typeof value === 'boolean') return { key, type: 'bool', value }
  if (typeof value === 'number') return { key, type: Number.isInteger(value) ? 'int64' : 'float64', value }
  return { key, type: 'string', value: typeof value === 'string' ? value : JSON.stringify(value) }
}

function micros(ms: number): number {
  return Math.round(ms * 1000)
}
