import type { Operation, ServiceEvent } from '@svc/core'
import {
  cut,
  errorKind,
  errorParts,
  errorChain,
  errorText,
  type ErrorText,
  NAME_LIMIT,
  untoldParts,
} from '@svc/core/internal'
import { causesOf, NO_CAUSES } from '../causes.ts'
import type { Facts, Failure, Span, SpanKind, Trace, TraceKind } from './model.ts'
import { trim, TRIM_AT } from './trim.ts'

/** What a new span is made of. */
export interface SpanStart {
  readonly kind: SpanKind
  readonly name: string
  readonly service: string
  readonly owner: number
  readonly task?: string | undefined
  readonly parent?: Span | undefined
  readonly startedAt: number
  readonly facts?: Facts | undefined
  readonly subject: Operation | ServiceEvent | undefined
}

/** The most exceptions that are kept of one span. */
const MOST_EXCEPTIONS = 10
/** What a trace keeps of messages and stacks, in characters; past it there are short summaries only. */
const MOST_TEXT = 100_000
const SHORT = 200

export function createTrace(kind: TraceKind, isOutermost: boolean): Trace {
  return {
    id: randomId(),
    kind,
    isOutermost,
    isOver: false,
    spans: [],
    next: 0,
    open: 0,
    failed: 0,
    text: 0,
    trimAt: TRIM_AT,
  }
}

/** Adds an open span to a trace. */
export function addSpan(trace: Trace, start: SpanStart): Span {
  const { kind, owner, parent, startedAt, facts, subject } = start
  const span: Span = {
    number: trace.next++,
    trace,
    kind,
    name: cut(start.name, NAME_LIMIT),
    service: cut(start.service, NAME_LIMIT),
    owner,
    task: cut(start.task ?? '', NAME_LIMIT),
    parent,
    startedAt,
    endedAt: undefined,
    state: undefined,
    failure: undefined,
    facts,
    leftOut: 0,
    leftOutMs: 0,
    subject,
    reference: undefined,
  }
  trace.spans.push(span)
  trace.open++
  if (trace.spans.length >= trace.trimAt) trim(trace)
  return span
}

export function endSpan(span: Span, endedAt: number): void {
  span.endedAt = endedAt
  span.trace.open--
}

/** Notes a failure as text, with what nobody has told of yet; never throws, and is bounded whatever the error is. */
export function failSpan(span: Span, error: unknown, told?: ReadonlySet<unknown>, suffix = ''): void {
  span.failure = failureOf(
    span.trace,
    error,
    untoldParts(error, told, MOST_EXCEPTIONS),
    errorParts(error).length,
    suffix,
  )
  span.trace.failed++
}

/** The same for several errors of which the last is the newest. */
export function failSpanWithAll(span: Span, errors: readonly unknown[]): void {
  const suffix = errors.length > 1 ? ` (and ${errors.length - 1} before it)` : ''
  span.failure = failureOf(span.trace, errors.at(-1), errors.slice(-MOST_EXCEPTIONS), errors.length, suffix)
  span.trace.failed++
}

function failureOf(trace: Trace, error: unknown, parts: readonly unknown[], count: number, suffix: string): Failure {
  const exceptions: ErrorText[] = []
  for (const part of parts) {
    if (trace.text >= MOST_TEXT) break
    const text = errorText(part)
    exceptions.push(text)
    trace.text += text.message.length + text.stack.length
  }
  const whole = errorChain(error)
  const summary = (trace.text >= MOST_TEXT ? cut(whole, SHORT) : whole) + suffix
  const isTold = parts.length === 0
  const because = isTold || trace.text >= MOST_TEXT ? NO_CAUSES : causesOf(error, `${whole}\n${wholeMessage(error)}`)
  trace.text += summary.length + because.texts.reduce((sum, { length }) => sum + length, 0)
  return { summary, because, type: errorKind(error), isTold, exceptions, count }
}

/** Also what there is no room for in a summary has been said: of a joined error that is what it was joined of. */
function wholeMessage(error: unknown): string {
  try {
    const { message } = error as { message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return ''
  }
}

function randomId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
