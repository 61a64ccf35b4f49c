import { checkFunction, checkObject } from './check.ts'
import type { HealthSnapshot, HealthSource } from './health-node.ts'
import { mergeReports } from './report.ts'
import type { HealthReport } from './service.ts'

/** What all health checkers that an exporter was told of say, read when it is asked: that runs and consumes nothing. */
export class HealthView {
  /** By the id of the checker's scope: one that is made anew takes the place of the one before, as services do. */
  private readonly sources = new Map<string, HealthSource>()
  private readonly failed: (error: unknown) => void

  /** @param failed Is told each time a snapshot cannot be read. */
  constructor(failed: (error: unknown) => void) {
    this.failed = failed
  }

  set(checker: string, source: HealthSource): void {
    this.sources.set(checker, source)
  }

  clear(): void {
    this.sources.clear()
  }

  /** Those that can be read now; one that throws is left out. */
  snapshots(): HealthSnapshot[] {
    const snapshots: HealthSnapshot[] = []
    for (const source of this.sources.values()) {
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

function checked(snapshot: HealthSnapshot): HealthSnapshot {
  checkObject(snapshot, 'a snapshot')
  checkFunction(snapshot.health.forEach, 'the health of a snapshot')
  checkFunction(snapshot.readiness.forEach, 'the readiness of a snapshot')
  return snapshot
}
