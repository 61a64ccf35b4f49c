/**
 * Makes an `Error` of whatever was thrown or set as an error. An `Error` (of this realm or another) is passed through
 * untouched; anything else becomes the message of a new one, with itself as the `cause`.
 */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(describe(thrown), { cause: thrown })
}

function isError(value: unknown): value is Error {
  try {
    if (value instanceof Error) return true
    return Object.prototype.toString.call(value) === '[object Error]' && typeof (value as Error).message === 'string'
  } catch {
    // A proxy that refuses, a getter that throws: it cannot be looked at, so it is no error that anyone can read.
    return false
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'An empty string was thrown' : value
  try {
    return `A value that is no error was thrown: ${typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}`
  } catch {
    return 'A value that is no error was thrown, and cannot be shown'
  }
}
