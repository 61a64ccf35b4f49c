import type { TestReport } from './report.ts'

/** What became of one of turbo's tasks; `exitCode` is null for one that did not run. */
export interface EndedTask {
  readonly id: string
  readonly exitCode: number | null
  readonly report?: TestReport | undefined
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly { readonly test: string; readonly reason: string | null }[]
  /** One line for each failure that is not a test's own. */
  readonly notes: readonly string[]
}

/** Sums up a run: a step that failed, or did not run, counts as a failure, and so does a run without any test. */
export function tally(tasks: readonly EndedTask[], turboCode: number): Tally {
  let passed = 0
  let failed = 0
  const skipped: { test: string; reason: string | null }[] = []
  const notes: string[] = []
  const fail = (note: string): void => {
    failed += 1
    notes.push(`failed: ${note}`)
  }
  for (const { id, exitCode, report } of tasks) {
    passed += report?.passed ?? 0
    failed += report?.failed ?? 0
    for (const { test, reason } of report?.skipped ?? []) skipped.push({ test: `${id.split('#')[0]} ${test}`, reason })
    if (exitCode === null) fail(`${id} did not run, since what it depends on failed`)
    else if (exitCode !== 0 && (report?.failed ?? 0) === 0) fail(`${id} ended with exit code ${exitCode}`)
    else if (report === undefined && id.endsWith('#test')) fail(`${id} left no report`)
  }
  if (turboCode !== 0 && failed === 0) fail(`turbo ended with exit code ${turboCode}`)
  if (passed + failed === 0) fail('no test ran')
  return { passed, failed, skipped, notes }
}

/** The skipped tests with their reasons, the failures, and last the line with the sums. */
export function tallyLines({ passed, failed, skipped, notes }: Tally): readonly string[] {
  return [
    ...skipped.map(({ test, reason }) => `skipped: ${test}: ${reason ?? 'no reason given'}`),
    ...notes,
    '',
    `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
  ]
}
