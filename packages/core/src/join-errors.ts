import { checkIterable } from './check.ts'
import { toError } from './to-error.ts'

const JOINED = Symbol.for('@svc/joined@1')

/**
 * Joins errors as Go's `errors.Join` does: skips nulls and gives back `null`, the one error itself, or an
 * `AggregateError` whose message is the messages joined by a newline, in order. Flattens only aggregates that it made.
 * What is no error is made one. Go: `errors.Join`.
 *
 * @throws TypeError for what is no list.
 */
export function joinErrors(errors: Iterable<Error | null>): Error | null {
  checkIterable(errors, 'the errors', 'a list of them')
  const parts: Error[] = []
  for (const error of errors) {
    if (error === null || error === undefined) continue
    if (isJoined(error)) for (const part of error.errors as Error[]) parts.push(part)
    else parts.push(toError(error))
  }
  if (parts.length < 2) return parts[0] ?? null
  const joined = new AggregateError(parts, parts.map((error) => error.message).join('\n'))
  // Hidden, so that a logger does not print it; a registered symbol, so that two copies flatten each other's.
  Object.defineProperty(joined, JOINED, { value: true })
  return joined
}

function isJoined(error: Error): error is AggregateError {
  return error instanceof AggregateError && JOINED in error
}
