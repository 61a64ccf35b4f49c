import { checkFunction, checkNumber, checkObject, checkOneOf, checkString, isThenable, show } from '@svc/core/internal'
import type { DashboardOptions } from './dashboard.ts'

const RECORDED: readonly string[] = ['off', 'errors', 'all']

/** @throws TypeError or RangeError for one that cannot be used */
export function checkOptions(options: DashboardOptions): void {
  checkObject(options, 'the options')
  const { title, details, maxTraces, ticks, tasks, spans } = options
  if (title !== undefined) checkString(title, 'option "title"')
  if (details !== undefined && details !== 'never' && details !== 'always' && typeof details !== 'function') {
    throw new TypeError(`Cannot use option "details": expected "never", "always" or a function, got ${show(details)}`)
  }
  if (maxTraces !== undefined) checkMaxTraces(maxTraces)
  if (ticks !== undefined) checkOneOf(ticks, RECORDED, 'option "ticks"')
  if (tasks !== undefined) checkOneOf(tasks, RECORDED, 'option "tasks"')
  if (spans !== undefined) {
    checkObject(spans, 'option "spans"')
    checkFunction(spans.spanOf, 'the method "spanOf" of option "spans"')
  }
}

function checkMaxTraces(maxTraces: number): void {
  checkNumber(maxTraces, 'option "maxTraces"')
  if (!Number.isSafeInteger(maxTraces) || maxTraces < 1) {
    throw new RangeError(`Cannot use option "maxTraces": expected a whole number of 1 or more, got ${maxTraces}`)
  }
}

/** Asks who may see details. What gives no boolean is an error, and shows nobody anything. */
export function detailsFor(details: NonNullable<DashboardOptions['details']>): (request: Request) => boolean {
  if (typeof details !== 'function') return () => details === 'always'
  return (request) => {
    const seen: unknown = details(request)
    if (typeof seen === 'boolean') return seen
    // An async function would let everyone see everything, if its promise were taken for a yes.
    if (isThenable(seen)) seen.then(undefined, () => {})
    throw new TypeError(`Cannot use what option "details" gave: expected a boolean, got ${show(seen)}`)
  }
}
