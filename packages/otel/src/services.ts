import type { SpanContext } from '@opentelemetry/api'
import type { Scope, ServiceState } from '@svc/core'

/** What spans need to know about a service between two of its operations. */
export interface ServiceRecord {
  readonly scope: Scope
  state: ServiceState | undefined
  /** The span of its start. */
  start: SpanContext | undefined
  /** When it had started, in milliseconds since the epoch; 0 before. */
  upSince: number
  /** Tasks and ticks that run now. */
  inFlight: number
  /** How often each tick has begun, by its label. */
  ticks: Map<string, number> | undefined
  /** The keys of the conditions that hold. */
  conditions: Set<string> | undefined
}

/**
 * The records of all services, by their scope and by their full name. None outlives its scope: a health change has
 * only a name, so names lead to records weakly.
 */
export interface Services {
  /** The record of a scope, made when it is new. */
  of(scope: Scope): ServiceRecord
  known(scope: Scope | undefined): ServiceRecord | undefined
  named(id: string): ServiceRecord | undefined
  forget(scope: Scope): void
  /** How many names are kept. */
  size(): number
}

export function createServices(): Services {
  const records = new WeakMap<Scope, ServiceRecord>()
  const names = new Map<string, WeakRef<ServiceRecord>>()
  const collected = new FinalizationRegistry<string>((id) => {
    // A later service may have taken the name.
    if (names.get(id)?.deref() === undefined) names.delete(id)
  })
  function make(scope: Scope): ServiceRecord {
    const record: ServiceRecord = {
      scope,
      state: undefined,
      start: undefined,
      upSince: 0,
      inFlight: 0,
      ticks: undefined,
      conditions: undefined,
    }
    records.set(scope, record)
    // A scope without a name stands for no one service.
    if (scope.name === '') return record
    names.set(scope.id, new WeakRef(record))
    collected.register(record, scope.id, record)
    return record
  }
  function forget(scope: Scope): void {
    const record = records.get(scope)
    if (record === undefined) return
    records.delete(scope)
    collected.unregister(record)
    if (names.get(scope.id)?.deref() === record) names.delete(scope.id)
  }
  return {
    of: (scope) => records.get(scope) ?? make(scope),
    known: (scope) => (scope === undefined ? undefined : records.get(scope)),
    named: (id) => names.get(id)?.deref(),
    forget,
    size: () => names.size,
  }
}

/** The start of the outermost service above a scope, or the scope's own. */
export function outermostStart(services: Services, scope: Scope | undefined): SpanContext | undefined {
  let start: SpanContext | undefined
  for (let it: Scope | undefined = scope; it !== undefined; it = it.parent) start = services.known(it)?.start ?? start
  return start
}
