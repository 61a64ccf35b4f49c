import { isServiceError, type PendingWork, toError } from '@svc/core'

/** More than these are counted, not shown. */
const MOST_PARTS = 20
const DEEPEST = 50

/**
 * Says an error in one line that can be read: every part of a joined one, each with its causes, and what had not ended
 * when a deadline passed. Loggers print an `AggregateError` empty, or leave causes out.
 */
export function describeError(thrown: unknown): string {
  return describe(thrown, new Set(), 0)
}

function describe(thrown: unknown, seen: Set<unknown>, depth: number): string {
  const error = toError(thrown)
  if (seen.has(error) || depth > DEEPEST) return '…'
  seen.add(error)
  const { errors } = error as { readonly errors?: unknown }
  const parts = Array.isArray(errors) && errors.length > 0 ? describeParts(errors, seen, depth) : undefined
  let text = parts === undefined ? messageOf(error) : withHeading(error, errors as readonly unknown[], parts)
  const pending = isServiceError(error) ? describePending(error.pending, text) : ''
  if (pending !== '') text += ` (still running: ${pending})`
  if (error.cause === undefined || error.cause === null || error.cause === thrown) return text
  // What was no error became one with itself as the cause.
  if (error !== thrown) return text
  const cause = describe(error.cause, seen, depth + 1)
  return text.includes(cause) ? text : `${text}: ${cause}`
}

function describeParts(errors: readonly unknown[], seen: Set<unknown>, depth: number): string {
  const shown = errors.slice(0, MOST_PARTS).map((part) => describe(part, seen, depth + 1))
  if (errors.length > MOST_PARTS) shown.push(`and ${errors.length - MOST_PARTS} more`)
  return shown.join('; ')
}

/** A joined error's own message is its parts' messages again, or nothing; only one that says something else is shown. */
function withHeading(error: Error, errors: readonly unknown[], parts: string): string {
  const own = error.message
  const repeated = errors.map((part) => toError(part).message).join('\n')
  return own === '' || own === repeated ? parts : `${messageOf(error)}: ${parts}`
}

function messageOf(error: Error): string {
  return error.message === '' ? error.name : error.message.replaceAll('\n', '; ')
}

function describePending(pending: readonly PendingWork[], text: string): string {
  const shown = pending.filter(({ service, label }) => !(text.includes(service) && text.includes(label)))
  const parts = shown.slice(0, MOST_PARTS).map(describeWork)
  if (shown.length > MOST_PARTS) parts.push(`and ${shown.length - MOST_PARTS} more`)
  return parts.join(', ')
}

function describeWork({ service, kind, label, ageMs, startedBy }: PendingWork): string {
  const what = label === '' || label === kind ? kind : `${kind} "${label}"`
  return `${what} of "${service}" for ${Math.round(ageMs)} ms${startedBy === undefined ? '' : `, started by ${startedBy}`}`
}
