/** What SQLite says when the statement was wrong, not the disk: ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE. */
const OUR_FAULT: ReadonlySet<number> = new Set([1, 18, 19, 20, 21, 25])

/** Nothing can be stored, or read, for now: the disk is full, the file is locked, or the like. */
export class StoreUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`Cannot use the database: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
Object.defineProperty(StoreUnavailableError.prototype, 'name', { value: 'StoreUnavailableError' })

/** Whether an error of SQLite may go away by itself. */
export function isUnavailable(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && !OUR_FAULT.has(errcode & 0xff)
}
