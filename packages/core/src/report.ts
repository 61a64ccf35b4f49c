import { checkIterable, checkObject, checkOneOf, show } from './check.ts'
import { errorTree } from './error-tree.ts'
import { joinErrors } from './join-errors.ts'
import type { HealthReport } from './service.ts'
import { ServiceError } from './service-error.ts'

/** How {@link mergeReports} treats a name that comes twice. */
export interface MergeOptions {
  /** `'join'`, the default, joins their errors, the earlier first; `'throw'` throws `DUPLICATE_NAME`. */
  readonly duplicates?: 'join' | 'throw' | undefined
}

/** Merges reports into a new one. Go: `CopyHealth`, without its look at the environment. @throws ServiceError `DUPLICATE_NAME` */
export function mergeReports(reports: Iterable<HealthReport>, options: MergeOptions = {}): HealthReport {
  checkIterable(reports, 'the reports', 'a list of them')
  checkObject(options, 'the options')
  const { duplicates = 'join' } = options
  checkOneOf(duplicates, ['join', 'throw'], 'option "duplicates"')
  const merged = new Map<string, Error | null>()
  for (const report of reports) {
    checkReport(report)
    for (const [name, error] of report) {
      const earlier = merged.get(name)
      if (earlier !== undefined && duplicates === 'throw') {
        throw new ServiceError(`Cannot merge the reports: the name ${show(name)} comes twice`, {
          code: 'DUPLICATE_NAME',
          service: name,
        })
      }
      merged.set(name, earlier === undefined ? error : joinErrors([earlier, error]))
    }
  }
  return merged
}

/** Tells whether an error, or one that the predicate picks, is anywhere in a report. An absent or healthy report contains nothing. */
export function containsError(
  report: HealthReport | null | undefined,
  target: Error | ((error: unknown) => boolean),
): boolean {
  if (typeof target !== 'function' && (typeof target !== 'object' || target === null)) {
    throw new TypeError(`Cannot use the target: expected an error or a function, got ${show(target)}`)
  }
  if (report === null || report === undefined) return false
  checkReport(report)
  const matches = typeof target === 'function' ? target : (error: unknown) => error === target
  for (const error of report.values()) {
    for (const part of errorTree(error)) if (matches(part)) return true
  }
  return false
}

/** A report as plain data, each error as its message. A name like `__proto__` is data as any other. */
export function reportToJSON(report: HealthReport): Record<string, string | null> {
  checkReport(report)
  const json = Object.create(null) as Record<string, string | null>
  for (const [name, error] of report) json[name] = error === null ? null : error.message
  return json
}

export function checkReport(report: unknown): void {
  if (typeof (report as HealthReport | null | undefined)?.get !== 'function') {
    throw new TypeError(`Cannot use a health report: expected a map of names and errors, got ${show(report)}`)
  }
}
