import { type Attributes, type Context, type HrTime, type Span, SpanStatusCode } from '@opentelemetry/api'
import { isServiceError } from '@svc/core'
import { cut, errorKind, errorParts, errorSummary, errorText, MESSAGE_LIMIT, untoldParts } from '@svc/core/internal'
import type { EventLog } from './event-log.ts'
import type { ExceptionSignal } from './exception-signal.ts'

/** The most exceptions of one joined error. */
const MOST_PARTS = 10

/** Marks spans as failed, and records exceptions on them or as log records. */
export interface Exceptions {
  /** Sets the status and `error.type`; the description is the error's message, those of its causes, and `suffix`. */
  mark(span: Span, error: Error, suffix?: string): void
  /** Records one exception. */
  record(span: Span, context: Context, error: unknown, time: HrTime): void
  /** Records an error, each part of a joined one by itself, except what is in `told` and time-outs that are in `late`. */
  recordAll(span: Span, context: Context, error: Error, time: HrTime, told?: Told, late?: Told): void
}

type Told = ReadonlySet<unknown>

/** Adds the deadlines that an error is about, each by the reason that all its time-outs share. */
export function tellLate(late: Set<unknown>, error: Error): void {
  for (const part of untoldParts(error, undefined, MOST_LATE)) {
    if (isServiceError(part, 'TIMEOUT') && part.cause !== undefined) late.add(part.cause)
  }
}

const MOST_LATE = 100

/** Each service that a deadline passes has an error of its own, all of which say what the deepest one says. */
function isLateAgain(part: unknown, late: Told | undefined): boolean {
  return late !== undefined && isServiceError(part, 'TIMEOUT') && late.has(part.cause)
}

export function createExceptions(signal: ExceptionSignal, log: EventLog): Exceptions {
  function mark(span: Span, error: Error, suffix = ''): void {
    const message = cut(errorSummary(error), MESSAGE_LIMIT - suffix.length)
    span.setStatus({ code: SpanStatusCode.ERROR, message: message + suffix })
    span.setAttribute('error.type', errorKind(error))
  }
  function record(span: Span, context: Context, error: unknown, time: HrTime): void {
    const attributes = describe(error)
    // An exception is never lost: where nobody takes the log record, it is an event after all.
    const logged = signal !== 'span' && log.write('exception', time, 'ERROR', context, attributes)
    if (signal !== 'log' || !logged) span.addEvent('exception', attributes, time)
  }
  function recordAll(span: Span, context: Context, error: Error, time: HrTime, told?: Told, late?: Told): void {
    for (const part of untoldParts(error, told, MOST_PARTS)) {
      if (!isLateAgain(part, late)) record(span, context, part, time)
    }
    const { length } = errorParts(error)
    if (length > MOST_PARTS) span.setAttribute('svc.error.count', length)
  }
  return { mark, record, recordAll }
}

function describe(error: unknown): Attributes {
  const { type, stack } = errorText(error)
  // With those below it: a wrapper's own message seldom says why, and that of a refused connection says nothing.
  const attributes: Attributes = { 'exception.type': type, 'exception.message': errorSummary(error) }
  if (stack !== '') attributes['exception.stacktrace'] = stack
  return attributes
}
