import type { Operation, Scope, ServiceState } from '@svc/core'
import { cut, NAME_LIMIT } from '@svc/core/internal'

/** What traces need to know about a service between two of its operations. Nothing of it outlives the scope. */
export interface ServiceRecord {
  /** Tells two scopes of one name apart, without keeping either. */
  readonly number: number
  state: ServiceState | undefined
  hasStarted: boolean
  /** When it had started; 0 before. */
  upSince: number
  /** Its tasks and ticks that run now. */
  readonly running: Set<Operation>
  readonly ticks: Map<string, number>
}

export interface Services {
  of(scope: Scope): ServiceRecord
  known(scope: Scope): ServiceRecord | undefined
  /** Notes that a condition holds, or does not any more. */
  setCondition(scope: Scope, key: string, holds: boolean): void
  /** The keys of the conditions that hold. */
  conditionsOf(service: string): readonly string[]
  forget(scope: Scope): void
}

const MOST_CONDITIONS = 10
const MOST_UNHAPPY = 1000
const MOST_LABELS = 32

export function createServices(): Services {
  const records = new WeakMap<Scope, ServiceRecord>()
  // A health change has only a name. There is an entry only as long as something holds.
  const conditions = new Map<string, Set<string>>()
  let number = 0

  function of(scope: Scope): ServiceRecord {
    let record = records.get(scope)
    if (record === undefined) {
      number++
      record = { number, state: undefined, hasStarted: false, upSince: 0, running: new Set(), ticks: new Map() }
      records.set(scope, record)
    }
    return record
  }

  function setCondition(scope: Scope, key: string, holds: boolean): void {
    if (key === '') return
    const id = cut(scope.id, NAME_LIMIT)
    const shown = cut(key, NAME_LIMIT)
    let keys = conditions.get(id)
    if (!holds) {
      if (keys?.delete(shown) === true && keys.size === 0) conditions.delete(id)
      return
    }
    if (keys === undefined) {
      if (conditions.size >= MOST_UNHAPPY) return
      conditions.set(id, (keys = new Set()))
    }
    if (keys.size < MOST_CONDITIONS) keys.add(shown)
  }

  return {
    of,
    known: (scope) => records.get(scope),
    setCondition,
    conditionsOf: (service) => [...(conditions.get(service) ?? [])],
    forget: (scope) => {
      conditions.delete(cut(scope.id, NAME_LIMIT))
    },
  }
}

/** Counts a tick; labels past the first few are counted together. */
export function countTick({ ticks }: ServiceRecord, label: string): number {
  const key = ticks.has(label) || ticks.size < MOST_LABELS ? cut(label, NAME_LIMIT) : ''
  const count = (ticks.get(key) ?? 0) + 1
  ticks.set(key, count)
  return count
}

/** Whether a service above has started, so that this one only is a part of what runs. */
export function isPart(services: Services, scope: Scope): boolean {
  for (let it = scope.parent; it !== undefined; it = it.parent) {
    if (services.known(it)?.hasStarted === true) return true
  }
  return false
}
