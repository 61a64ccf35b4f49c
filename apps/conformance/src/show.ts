import { errorTree, type HealthReport, isServiceError } from '@svc/core'

/** Go sorts strings by their bytes, JavaScript by UTF-16 units: they differ beyond the basic plane. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** `ok`, or `error X | Y` with the leaves of the error's tree in order. */
export function showOutcome(error: Error | null): string {
  return error === null ? 'ok' : `error ${leaves(error).join(' | ')}`
}

/** The same with the leaves sorted, for where their order is random in the original. */
export function showSortedOutcome(error: Error | null): string {
  return error === null ? 'ok' : `error ${leaves(error).toSorted(byBytes).join(' | ')}`
}

/** `a=ok, b=error X | Y`, by name. */
export function showReport(report: HealthReport): string {
  const entries = [...report].toSorted(([a], [b]) => byBytes(a, b))
  return entries.map(([name, error]) => `${name}=${showSortedOutcome(error)}`).join(', ')
}

function leaves(error: Error): readonly string[] {
  return [...errorTree(error)].filter(isLeaf).map(showLeaf)
}

function isLeaf(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return true
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: unknown }
  return (cause === undefined || cause === null) && (!Array.isArray(errors) || errors.length === 0)
}

function showLeaf(error: unknown): string {
  if (!isServiceError(error)) return error instanceof Error ? error.message : String(error)
  switch (error.code) {
    case 'ALREADY_STARTED':
    case 'CANNOT_STOP':
    case 'NOT_STARTED':
      return `${error.code}(${error.state})`
    case 'ALREADY_STOPPED':
    case 'CANNOT_STOP_UNSTARTED':
      return error.code
    case 'START_FAILED':
    case 'TIMEOUT':
    case 'DUPLICATE_NAME':
    case 'DEADLOCK':
      return error.message
  }
}
