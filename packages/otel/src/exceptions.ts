import { type Attributes, type Context, type HrTime, type Span, SpanStatusCode } from '@opentelemetry/api'
import { errorTree } from '@svc/core'
import type { EventLog } from './event-log.ts'
import type { ExceptionSignal } from './exception-signal.ts'
import { cut, MESSAGE_LIMIT, NAME_LIMIT, STACK_LIMIT } from './text.ts'

/** The most exceptions of one joined error. */
const MOST_PARTS = 10
/** The most values of one error tree that are looked at. */
const MOST_VISITED = 1000
const MOST_CAUSES = 8
const UNREADABLE = 'An error whose properties cannot be read'
const LOW_CARDINALITY = /^[\w.:/-]{1,64}$/

type ErrorLike = { readonly [key in 'name' | 'message' | 'stack' | 'code' | 'cause' | 'errors']?: unknown }

/** Marks spans as failed, and records exceptions on them or as log records. */
export interface Exceptions {
  /** Sets the status and `error.type`; the description is the error's message, those of its causes, and `suffix`. */
  mark(span: Span, error: Error, suffix?: string): void
  /** Records one exception. */
  record(span: Span, context: Context, error: unknown, time: HrTime): void
  /** Records an error, each part of a joined one by itself, except what is in `told`. */
  recordAll(span: Span, context: Context, error: Error, time: HrTime, told?: ReadonlySet<unknown>): void
}

export function createExceptions(signal: ExceptionSignal, log: EventLog): Exceptions {
  function mark(span: Span, error: Error, suffix = ''): void {
    const message = cut(
      read(() => summaryOf(error), UNREADABLE),
      MESSAGE_LIMIT - suffix.length,
    )
    span.setStatus({ code: SpanStatusCode.ERROR, message: message + suffix })
    span.setAttribute(
      'error.type',
      read(() => errorType(error), 'Error'),
    )
  }
  function record(span: Span, context: Context, error: unknown, time: HrTime): void {
    const attributes = read(() => describe(error), { 'exception.type': 'Error', 'exception.message': UNREADABLE })
    // An exception is never lost: where nobody takes the log record, it is an event after all.
    const logged = signal !== 'span' && log.write('exception', time, 'ERROR', context, attributes)
    if (signal !== 'log' || !logged) span.addEvent('exception', attributes, time)
  }
  function recordAll(span: Span, context: Context, error: Error, time: HrTime, told?: ReadonlySet<unknown>): void {
    const parts = partsOf(error)
    let recorded = 0
    for (let i = 0; i < parts.length && i < MOST_VISITED && recorded < MOST_PARTS; i++) {
      if (told !== undefined && isTold(parts[i], told)) continue
      record(span, context, parts[i], time)
      recorded++
    }
    if (parts.length > MOST_PARTS) span.setAttribute('svc.error.count', parts.length)
  }
  return { mark, record, recordAll }
}

/** Adds to `told` what a span that failed with `error` has told, so that the spans above leave it out. */
export function tell(told: Set<unknown>, error: Error): void {
  told.add(error)
  const parts = partsOf(error)
  for (let i = 0; i < parts.length && i < MOST_VISITED; i++) if (typeof parts[i] === 'object') told.add(parts[i])
}

function isTold(error: unknown, told: ReadonlySet<unknown>): boolean {
  return read(() => {
    let visited = 0
    for (const part of errorTree(error)) {
      if (told.has(part)) return true
      if (++visited >= MOST_VISITED) return false
    }
    return false
  }, false)
}

/** The parts of a joined error; of any other the error alone. */
function partsOf(error: Error): readonly unknown[] {
  const errors = read(() => (error as ErrorLike).errors, undefined)
  // Validation errors have lists of findings under the same name; those are no errors of their own.
  return Array.isArray(errors) && errors[0] instanceof Error ? (errors as unknown[]) : [error]
}

/** An error's properties may be getters that throw; its span must end all the same. */
function read<T>(get: () => T, otherwise: T): T {
  try {
    return get()
  } catch {
    return otherwise
  }
}

/** A class name or a code: few values, as a metric's label would need. */
function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error
  const { code } = error as ErrorLike
  if (typeof code === 'string' && LOW_CARDINALITY.test(code)) return code
  return className(error)
}

function className(error: ErrorLike): string {
  const { name } = error
  // Few subclasses set a name, and all of them have that of their constructor.
  const own = typeof name === 'string' && name !== '' && name !== 'Error' ? name : error.constructor?.name
  return cut(typeof own === 'string' && own !== '' ? own : 'Error', NAME_LIMIT)
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message } = error as ErrorLike
  return typeof message === 'string' ? message : String(message)
}

/** The messages of an error and its causes, outermost first: a wrapped error's own seldom says what was wrong. */
function summaryOf(error: unknown): string {
  let text = ''
  for (const it of causesOf(error)) {
    const message = cut(messageOf(it), MESSAGE_LIMIT)
    if (!text.includes(message)) text += text === '' ? message : `: ${message}`
    if (text.length > MESSAGE_LIMIT) break
  }
  return text
}

/** An error and its causes. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = []
  let it = error
  while (it !== undefined && it !== null && causes.length < MOST_CAUSES && !causes.includes(it)) {
    causes.push(it)
    it = typeof it === 'object' ? (it as ErrorLike).cause : undefined
  }
  return causes
}

function describe(error: unknown): Attributes {
  const isObject = typeof error === 'object' && error !== null
  const attributes: Attributes = {
    'exception.type': isObject ? className(error) : typeof error,
    'exception.message': cut(messageOf(error), MESSAGE_LIMIT),
  }
  const stack = stackOf(error)
  if (stack !== '') attributes['exception.stacktrace'] = stack
  return attributes
}

/** The stack with those of the causes, which are where a wrapped error comes from. */
function stackOf(error: unknown): string {
  let text = ''
  for (const it of causesOf(error)) {
    const { stack } = it as ErrorLike
    if (typeof stack === 'string') text += (text === '' ? '' : '\nCaused by: ') + cut(stack, STACK_LIMIT)
    if (text.length > STACK_LIMIT) break
  }
  return cut(text, STACK_LIMIT)
}
