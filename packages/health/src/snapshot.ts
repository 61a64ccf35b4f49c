import type { HealthSnapshot } from '@svc/core'
import type { Standing } from './standing.ts'

/** What a snapshot has besides a standing. */
export type SnapshotFacts = Pick<
  HealthSnapshot,
  'version' | 'commit' | 'startedAt' | 'checkedAt' | 'revision' | 'everReady'
>

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** Makes a snapshot whose maps are made when they are first read: most readers ask for the flags only. */
export function createSnapshot(facts: SnapshotFacts, standing: Standing): HealthSnapshot {
  const { ready, healthy } = standing
  const snapshot: HealthSnapshot = {
    ...facts,
    ready,
    healthy,
    get readiness() {
      return standing.readiness
    },
    get health() {
      return standing.health
    },
  }
  // Printed with its maps instead of two getters; hidden, so that a spread or a comparison does not see it.
  Object.defineProperty(snapshot, INSPECT, { value: () => ({ ...snapshot }) })
  return Object.freeze(snapshot)
}
