import type { SpanSource } from '@svc/core'
import { checkCount, checkDetails, checkObject, checkOneOf, checkSpanSource, checkString } from '@svc/core/internal'

/** Options of `createDashboard`. */
export interface DashboardOptions {
  /** What the pages call the program; by default the name of the root scope, or of what the health checker watches first. */
  readonly title?: string | undefined
  /** Who may see error messages, version and commit: `'always'`, the default, since a page that hides why something is red helps nobody. */
  readonly details?: 'never' | 'always' | ((request: Request) => boolean) | undefined
  /** How many traces are kept, 200 by default. */
  readonly maxTraces?: number | undefined
  /** Which ticks are traces: `'errors'`, the default, those that failed, `'all'`, or `'off'` for none. */
  readonly ticks?: 'off' | 'errors' | 'all' | undefined
  /** Which tasks are traces: `'errors'`, the default, those that failed, `'all'`, or `'off'` for none. */
  readonly tasks?: 'off' | 'errors' | 'all' | undefined
  /** Who knows the spans of what is shown, as the exporter of `@svc/otel` does: then each trace shows its id there. */
  readonly spans?: SpanSource | undefined
}

const RECORDED: readonly string[] = ['off', 'errors', 'all']

/** @throws TypeError or RangeError for one that cannot be used */
export function checkOptions(options: DashboardOptions): void {
  checkObject(options, 'the options')
  const { title, details, maxTraces, ticks, tasks, spans } = options
  if (title !== undefined) checkString(title, 'option "title"')
  if (details !== undefined) checkDetails(details)
  if (maxTraces !== undefined) checkCount(maxTraces, 'option "maxTraces"', 1)
  if (ticks !== undefined) checkOneOf(ticks, RECORDED, 'option "ticks"')
  if (tasks !== undefined) checkOneOf(tasks, RECORDED, 'option "tasks"')
  checkSpanSource(spans, 'option "spans"')
}
