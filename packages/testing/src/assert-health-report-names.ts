import type { HealthReport } from '@svc/core'
import { checkName, checkReport, show } from '@svc/core/internal'

/**
 * Fails unless a report has exactly these names, in any order. Go: `servicetest.AssertHealthReportNames`.
 *
 * @throws Error that lists what is missing and what is extra.
 */
export function assertHealthReportNames(report: HealthReport, names: readonly string[]): void {
  checkReport(report)
  if (!Array.isArray(names)) throw new TypeError(`Cannot use the names: expected an array, got ${show(names)}`)
  const expected = names as readonly string[]
  for (const name of expected) checkName(name, 'an expected name')
  const missing = expected.filter((name) => !report.has(name)).toSorted(byCodeUnit)
  const extra = [...report.keys()].filter((name) => !expected.includes(name)).toSorted(byCodeUnit)
  if (missing.length === 0 && extra.length === 0) return
  throw new Error(`Cannot accept the health report: missing ${list(missing)}, extra ${list(extra)}`)
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(show).join(', ')
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1
}
