import { errorTree } from './error-tree.ts'
import { errorType } from './error-type.ts'
import { joinErrors } from './join-errors.ts'

/** The longest name or id that is kept of a service. */
export const NAME_LIMIT = 1024
/** The longest message that is kept of an error. */
export const MESSAGE_LIMIT = 2048
/** The longest stack trace, its causes included. */
export const STACK_LIMIT = 8192

/** The most values of one error tree that are looked at. */
const MOST_VISITED = 1000
const MOST_CAUSES = 8
const UNREADABLE = 'An error whose properties cannot be read'
const WITHIN_WORD = /^[\p{L}\p{N}]{2}$/u
const LOW_CARDINALITY = /^[\w.:/-]{1,64}$/

/** What is kept of an error once it has been told. */
export interface ErrorText {
  /** Its class. */
  readonly type: string
  readonly message: string
  /** With those of its causes; `''` for none. */
  readonly stack: string
}

type ErrorLike = { readonly [key in 'name' | 'message' | 'stack' | 'code' | 'cause' | 'errors']?: unknown }

/** Cuts a text that is longer than `limit`. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 2)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 2 : limit - 1
  // A slice would keep the whole of a message of 1 MB alive for as long as it is kept itself; this copies.
  return JSON.parse(JSON.stringify(`${text.slice(0, end)}…`)) as string
}

/** Describes one error. Like all of these it never throws: an error's properties may be getters that do. */
export function errorText(error: unknown): ErrorText {
  return read(() => describe(error), { type: 'Error', message: UNREADABLE, stack: '' })
}

/** The messages of an error and its causes, outermost first: a wrapped error's own seldom says what was wrong. */
export function errorChain(error: unknown): string {
  return read(() => {
    let text = ''
    for (const it of causesOf(error)) {
      const message = cut(messageOf(it), MESSAGE_LIMIT)
      if (!says(text, message)) text += text === '' ? message : `: ${message}`
      if (text.length > MESSAGE_LIMIT) break
    }
    return cut(text, MESSAGE_LIMIT)
  }, UNREADABLE)
}

/**
 * The same, and then the messages of the errors that one of them joins: that of a refused connection with several
 * addresses says nothing at all.
 */
export function errorSummary(error: unknown): string {
  return read(() => {
    const text = errorChain(error)
    const joined = joinedIn(error, text).join('; ')
    const isOpen = text === '' || text.endsWith(': ')
    return cut(isOpen || joined === '' ? text + joined : `${text}: ${joined}`, MESSAGE_LIMIT)
  }, UNREADABLE)
}

/** The messages further down that `text` does not have, the first few. */
function joinedIn(error: unknown, text: string): readonly string[] {
  const messages: string[] = []
  let visited = 0
  for (const it of errorTree(error)) {
    if (++visited > MOST_VISITED || messages.length === MOST_CAUSES || text.length >= MESSAGE_LIMIT) break
    // A finding of a validation need not have one.
    const message = hasMessage(it) ? cut(messageOf(it), MESSAGE_LIMIT) : ''
    if (!says(text, message) && !messages.includes(message)) messages.push(message)
  }
  return messages
}

/** Whether a message is in a text by itself, and not as a part of a word, as "no" is in "cannot". */
function says(text: string, message: string): boolean {
  if (message === '') return true
  for (let at = text.indexOf(message); at >= 0; at = text.indexOf(message, at + 1)) {
    const around = [
      text.charAt(at - 1) + message.charAt(0),
      message.charAt(message.length - 1) + text.charAt(at + message.length),
    ]
    if (!around.some((pair) => WITHIN_WORD.test(pair))) return true
  }
  return false
}

/**
 * A class name or a code: few values, as a metric's label would need. What only wraps others is looked through, as it is
 * for metrics, since each failed start is `START_FAILED` at each level.
 */
export function errorKind(error: unknown): string {
  const kind = ownKind(error)
  const isWrapper = kind === 'START_FAILED' || kind === 'AggregateError'
  return isWrapper && error instanceof Error ? errorType(error) : kind
}

function ownKind(error: unknown): string {
  return read(() => {
    if (typeof error !== 'object' || error === null) return typeof error
    const { code } = error as ErrorLike
    return typeof code === 'string' && LOW_CARDINALITY.test(code) ? code : className(error)
  }, 'Error')
}

/** The parts of a joined error; of any other the error alone. */
export function errorParts(error: unknown): readonly unknown[] {
  // Validation errors have lists of findings under the same name; those are no errors of their own.
  return read(() => {
    const { errors } = error as ErrorLike
    return Array.isArray(errors) && errors.length > 0 && errors[0] instanceof Error ? (errors as unknown[]) : [error]
  }, [error])
}

/** Adds to `told` what somebody who has told of `error` has told of, so that those above leave it out. */
export function tellError(told: Set<unknown>, error: unknown): void {
  told.add(error)
  const parts = errorParts(error)
  for (let i = 0; i < parts.length && i < MOST_VISITED; i++) {
    const part = partAt(parts, i)
    if (typeof part === 'object') told.add(part)
  }
}

/** The parts of an error that nobody has told of, `most` at most. */
export function untoldParts(error: unknown, told: ReadonlySet<unknown> | undefined, most: number): unknown[] {
  const untold: unknown[] = []
  const parts = errorParts(error)
  for (let i = 0; i < parts.length && i < MOST_VISITED && untold.length < most; i++) {
    const part = partAt(parts, i)
    if (told === undefined || !isTold(part, told)) untold.push(part)
  }
  return untold
}

/**
 * The error of a service whose health has these conditions, with theirs first: a condition says why in one line, and of the
 * emitted errors that are joined with it there may be more than anyone keeps.
 */
export function conditionsFirst(error: Error, keys: Iterable<string>): Error {
  return read(() => {
    const parts = errorParts(error) as readonly Error[]
    const starts = [...keys].map((key) => `${key}: `)
    if (starts.length === 0 || parts.length < 2 || parts.length > MOST_VISITED) return error
    const isCondition = (part: Error): boolean => starts.some((start) => errorChain(part).startsWith(start))
    const [first, rest] = [parts.filter(isCondition), parts.filter((part) => !isCondition(part))]
    return (first.length > 0 && joinErrors([...first, ...rest])) || error
  }, error)
}

/** A list may be a proxy, as an error may. */
function partAt(parts: readonly unknown[], index: number): unknown {
  return read(() => parts[index], UNREADABLE)
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

function read<T>(get: () => T, otherwise: T): T {
  try {
    return get()
  } catch {
    return otherwise
  }
}

function describe(error: unknown): ErrorText {
  const isObject = typeof error === 'object' && error !== null
  return {
    type: isObject ? className(error) : typeof error,
    message: cut(messageOf(error), MESSAGE_LIMIT),
    stack: stackOf(error),
  }
}

function className(error: ErrorLike): string {
  const { name } = error
  // Few subclasses set a name, and all of them have that of their constructor.
  const own = typeof name === 'string' && name !== '' && name !== 'Error' ? name : error.constructor?.name
  return cut(typeof own === 'string' && own !== '' ? own : 'Error', NAME_LIMIT)
}

function hasMessage(error: unknown): boolean {
  return typeof error !== 'object' || error === null || typeof (error as ErrorLike).message === 'string'
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const { message } = error as ErrorLike
  return typeof message === 'string' ? message : String(message)
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

/** The stack with those of what is below, which is where a wrapped error comes from. */
function stackOf(error: unknown): string {
  let text = ''
  let visited = 0
  for (const it of errorTree(error)) {
    if (++visited > MOST_CAUSES) break
    const { stack } = it as ErrorLike
    if (typeof stack === 'string') text += (text === '' ? '' : '\nCaused by: ') + cut(stack, STACK_LIMIT)
    if (text.length > STACK_LIMIT) break
  }
  return cut(text, STACK_LIMIT)
}
