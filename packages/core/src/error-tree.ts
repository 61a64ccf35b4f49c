import { checkRequiredSignal } from './check.ts'

/** The most of one list of errors that is walked: a list may be a proxy that says it is endless. */
const MOST_ERRORS = 100_000

/**
 * Walks an error and all that is under it, depth first in order: the error, its `cause`, then its `errors`. Each value
 * comes once, so a cycle ends; a chain of any length does not grow the stack. Of one list of `errors` the first 100,000
 * come.
 */
export function* errorTree(error: unknown): Generator {
  const seen = new Set<unknown>()
  const open: unknown[] = [error]
  while (open.length > 0) {
    const current = open.pop()
    if (current === null || current === undefined || seen.has(current)) continue
    seen.add(current)
    yield current
    if (typeof current !== 'object') continue
    // What cannot be read is a leaf: a getter that throws must not turn a look into a failure.
    try {
      const { cause, errors } = current as { cause?: unknown; errors?: unknown }
      if (Array.isArray(errors)) {
        for (let i = Math.min(errors.length, MOST_ERRORS) - 1; i >= 0; i--) open.push(errors[i])
      }
      open.push(cause)
    } catch {}
  }
}

/**
 * Tells whether an error is the echo of an abort: the signal has aborted and its `reason` is found in the error's tree.
 * Never by `name`: an `AbortError` of some other signal is a failure. @throws TypeError unless given an `AbortSignal`
 */
export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  checkRequiredSignal(signal, 'the signal')
  if (!signal.aborted) return false
  const reason: unknown = signal.reason
  if (error === reason) return true
  for (const part of errorTree(error)) if (part === reason) return true
  return false
}
