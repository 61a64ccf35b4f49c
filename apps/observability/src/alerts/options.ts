/** What differs from one installation to the next. */
export interface RuleOptions {
  /** What the program gave `prometheus()` as its prefix; `svc_` by default. */
  readonly prefix?: string | undefined
  /**
   * Jobs of Prometheus that are known to be ours before they have shown anything; `['svc']` by default. Others are known
   * from when they first show `svc_build_info`. Each is a regular expression, as Prometheus matches them.
   */
  readonly jobs?: readonly string[] | undefined
  /** Where docs/runbook.md is to be read; `docs/runbook.md` by default, which only says which file it is. */
  readonly runbook?: string | undefined
  /** What all times are multiplied with, to see an alert come and go without waiting for it; 1 by default. */
  readonly timeFactor?: number | undefined
}

/** Durations of Prometheus end at 292 years. */
const MAX_FACTOR = 1_000

/** All of the options, checked. */
export type RuleSettings = { readonly [K in keyof RuleOptions]-?: NonNullable<RuleOptions[K]> }

/** @throws RangeError for options with which there would be no rules that Prometheus takes */
export function checkRuleOptions(options: RuleOptions): RuleSettings {
  const { prefix = 'svc_', jobs = ['svc'], runbook = 'docs/runbook.md', timeFactor = 1 } = options
  if (!/^(?:[A-Za-z_][A-Za-z0-9_]*)?$/.test(prefix)) {
    throw new RangeError(`Cannot use the prefix ${JSON.stringify(prefix)}. Expected letters, digits and "_"`)
  }
  if (jobs.length === 0 || jobs.includes('')) {
    throw new RangeError('Cannot use a job without a name. Expected the name of a job of Prometheus')
  }
  for (const job of jobs) {
    if (!isExpression(job))
      throw new RangeError(`Cannot use the job ${JSON.stringify(job)}. Expected a regular expression of Prometheus`)
  }
  if (!/^\S+$/.test(runbook) || runbook.includes('#')) {
    throw new RangeError(
      `Cannot use the runbook ${JSON.stringify(runbook)}. Expected an address without "#" and spaces`,
    )
  }
  if (!(timeFactor > 0 && timeFactor <= MAX_FACTOR)) {
    throw new RangeError(`Cannot use the factor ${timeFactor}. Expected a number above 0, at most ${MAX_FACTOR}`)
  }
  return { prefix, jobs, runbook, timeFactor }
}

/**
 * Prometheus has the syntax of RE2: that of JavaScript without what looks around or back and without escapes of letters that
 * mean nothing, no count above 1,000, and with flags for the whole in front.
 */
function isExpression(text: string): boolean {
  const unflagged = text.replace(/^\(\?[imsU]+\)/, '')
  const plain = unflagged.replaceAll(/\\(?:[^0-9A-Za-z]|[dDwWsSbBfnrtvxpP])/g, '')
  if (/\\|\(\?(?![ims]*:)|\[\^?\]/.test(plain)) return false
  if ([...plain.matchAll(/\d{4,}(?=[\d,]*\})/g)].some(([count]) => Number(count) > 1_000)) return false
  try {
    void new RegExp(unflagged)
    return true
  } catch {
    return false
  }
}
