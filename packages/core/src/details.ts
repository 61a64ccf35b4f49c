import { isThenable } from './operation.ts'
import { show } from './check.ts'

/** Who may see error messages, version and commit. */
export type Details = 'never' | 'always' | ((request: Request) => boolean)

/** @throws TypeError for what is none */
export function checkDetails(details: unknown): void {
  if (details === 'never' || details === 'always' || typeof details === 'function') return
  throw new TypeError(`Cannot use option "details": expected "never", "always" or a function, got ${show(details)}`)
}

/** Tells who may see details. What gives no boolean is an error, and shows nobody anything. */
export interface Discretion {
  /** @throws TypeError when the user's function gives no boolean, and what that throws */
  sees(request: Request): boolean
  /** An error in words for who asks, where those may be seen. */
  reason(request: Request, error: unknown): string
}

export function createDiscretion(details: Details): Discretion {
  function sees(request: Request): boolean {
    if (typeof details !== 'function') return details === 'always'
    const seen: unknown = details(request)
    if (typeof seen === 'boolean') return seen
    // An async function would let everyone see everything, if its promise were taken for a yes.
    if (isThenable(seen)) seen.then(undefined, () => {})
    throw new TypeError(`Cannot use what option "details" gave: expected a boolean, got ${show(seen)}`)
  }

  function reason(request: Request, error: unknown): string {
    try {
      return sees(request) ? String(error) : WITHHELD
    } catch {
      return WITHHELD
    }
  }
  return { sees, reason }
}

const WITHHELD = 'reason withheld'
