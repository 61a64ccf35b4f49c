import {
  type HealthReport,
  type HealthSnapshot,
  type HealthSource,
  isServiceError,
  mergeReports,
  type Scope,
  toError,
} from '@svc/core'

/** What makes a service unhealthy. Not being started, or not any more, is life cycle and no failure. */
export function failuresOf(error: Error | null | undefined): readonly Error[] {
  if (error === null || error === undefined) return []
  const parts = error instanceof AggregateError && error.errors.length > 0 ? (error.errors as unknown[]) : [error]
  return parts.filter((part) => !isQuiet(part)).map(toError)
}

function isQuiet(error: unknown): boolean {
  return isServiceError(error, 'NOT_STARTED') && error.state !== 'StartFailed' && error.state !== 'StopFailed'
}

/** What all checkers say at one moment. */
export interface Health {
  readonly health: HealthReport
  readonly readiness: HealthReport
  readonly version: string
  readonly commit: string
  /** 0 where no checker has started. */
  readonly startedAt: number
  readonly checkedAt: number
  /** `undefined` where there is no checker. */
  readonly ready: boolean | undefined
}

const NOTHING: HealthReport = new Map()

/** The checkers that have told of themselves. Reading their snapshots runs no check and consumes no error. */
export class Checkers {
  /** By the scope of the checker: all checkers of one parent have the same name. */
  private readonly sources = new Map<Scope, HealthSource>()
  /** Of which the last word is shown, until another one of its name comes. */
  private readonly ended = new Set<Scope>()

  set(scope: Scope, source: HealthSource): void {
    if (!this.sources.has(scope)) for (const other of this.ended) if (other.id === scope.id) this.remove(other)
    this.sources.set(scope, source)
  }

  /** One that was made anew before this one ended takes its place at once. */
  end(scope: Scope): void {
    if (!this.sources.has(scope)) return
    const known = [...this.sources.keys()]
    const isReplaced = known.slice(known.indexOf(scope) + 1).some((other) => other.id === scope.id)
    if (isReplaced) this.remove(scope)
    else this.ended.add(scope)
  }

  remove(scope: Scope): void {
    this.sources.delete(scope)
    this.ended.delete(scope)
  }

  read(): Health {
    const snapshots = [...this.sources.values()].map((source) => source.snapshot())
    const started = snapshots.map(({ startedAt }) => startedAt).filter((at) => at > 0)
    const facts = snapshots.find(({ version, commit }) => version !== '' || commit !== '')
    return {
      health: merged(snapshots.map(({ health }) => health)),
      readiness: merged(snapshots.map(({ readiness }) => readiness)),
      version: facts?.version ?? '',
      commit: facts?.commit ?? '',
      startedAt: started.length === 0 ? 0 : Math.min(...started),
      checkedAt: snapshots.reduce((latest: number, { checkedAt }: HealthSnapshot) => Math.max(latest, checkedAt), 0),
      ready: snapshots.length === 0 ? undefined : snapshots.every(({ ready }) => ready),
    }
  }
}

/** A name in several reports is as bad as the worst of them says. */
function merged(reports: readonly HealthReport[]): HealthReport {
  const [only, second] = reports
  if (only === undefined) return NOTHING
  return second === undefined ? only : mergeReports(reports)
}
