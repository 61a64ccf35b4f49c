import { checkFunction, checkObject } from './check.ts'
import type { HealthSnapshot, HealthSource } from './health-node.ts'
import { mergeReports } from './report.ts'
import type { Scope } from './scope.ts'
import type { HealthReport, ServiceState } from './service.ts'

/** What all health checkers that an exporter was told of say, read when it is asked: that runs and consumes nothing. */
export class HealthView {
  private readonly sources = new Map<HealthSource, Scope>()
  private readonly over = new WeakSet<Scope>()
  private readonly failed: (error: unknown) => void

  /** @param failed Is told each time a snapshot cannot be read. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed
  }

  /** A checker that is made anew takes the place of one of that id which is over, or was never started; others stay beside it. */
  set(checker: Scope, source: HealthSource): void {
    for (const [other, scope] of this.sources) {
      if (other === source || scope.id !== checker.id) continue
      if (this.over.has(checker)) return
      if (this.over.has(scope) || !hasStarted(other)) this.sources.delete(other)
    }
    this.sources.set(source, checker)
  }

  /** Is to be told of every change of state, since checkers are services. */
  moved(scope: Scope, state: ServiceState): void {
    if (state === 'Stopped' || state === 'StopFailed' || state === 'StartFailed') this.over.add(scope)
  }

  clear(): void {
    this.sources.clear()
  }

  /** Those that can be read now; one that throws is left out. */
  snapshots(): HealthSnapshot[] {
    const snapshots: HealthSnapshot[] = []
    for (const source of this.sources.keys()) {
      try {
        snapshots.push(checked(source.snapshot()))
      } catch (error) {
        this.failed(error)
      }
    }
    return snapshots
  }

  /** The same value means the same health and readiness. */
  revision(): string {
    return this.snapshots()
      .map(({ revision, startedAt }) => `${startedAt}/${revision}`)
      .join()
  }

  health(): HealthReport {
    return merged(this.snapshots().map(({ health }) => health))
  }

  readiness(): HealthReport {
    return merged(this.snapshots().map(({ readiness }) => readiness))
  }
}

/** A name in several reports is as bad as the worst of them says. */
function merged(reports: readonly HealthReport[]): HealthReport {
  const [only, second] = reports
  return only !== undefined && second === undefined ? only : mergeReports(reports)
}

/** One that cannot be asked may well have. */
function hasStarted(source: HealthSource): boolean {
  try {
    return source.snapshot().startedAt !== 0
  } catch {
    return true
  }
}

function checked(snapshot: HealthSnapshot): HealthSnapshot {
  checkObject(snapshot, 'a snapshot')
  checkFunction(snapshot.health.forEach, 'the health of a snapshot')
  checkFunction(snapshot.readiness.forEach, 'the readiness of a snapshot')
  return snapshot
}
