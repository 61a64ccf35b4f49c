import { errorTree } from './error-tree.ts'
import { isServiceError } from './service-error.ts'

// Both are identifiers by convention; anything else may carry data, and a label must not.
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/
const CLASS_NAME = /^[A-Za-z_$][\w$]{0,63}$/

/**
 * The `error_type` label of an error: the code of a `ServiceError`, else a code like `ECONNREFUSED`, else the name of
 * its class. Never its message. What only wraps others (`START_FAILED`, an `AggregateError`) is looked through to the
 * first of them, since every failed start is `START_FAILED` all the way up.
 */
export function errorType(error: Error): string {
  // A getter or a proxy that throws must not cost the event.
  try {
    for (const part of errorTree(error)) if (part instanceof Error && !isWrapper(part)) return typeOf(part)
    return typeOf(error)
  } catch {
    return 'Error'
  }
}

function isWrapper(error: Error): boolean {
  return isServiceError(error, 'START_FAILED') || error instanceof AggregateError
}

function typeOf(error: Error): string {
  if (isServiceError(error)) return error.code
  const { code, name } = error as { readonly code?: unknown; readonly name: unknown }
  if (typeof code === 'string' && CODE.test(code)) return code
  return typeof name === 'string' && CLASS_NAME.test(name) ? name : 'Error'
}
