import {
  createScope,
  type Operation,
  type RootScope,
  type Scope,
  type ScopeOptions,
  type ServiceEvent,
  type ServiceState,
} from '@svc/core'
import { checkExporters, checkObject } from '@svc/core/internal'

/** A root scope that records. */
export interface TestScope extends RootScope {
  /** All that exporters are told, in order. */
  readonly events: readonly ServiceEvent[]
  /**
   * Fails if an operation (a start, close, wait, task or tick) has begun and not ended, or a service is in a state from
   * which somebody must still close it.
   *
   * @throws Error that names each.
   */
  assertNothingLeaked(): void
}

const OPEN_STATES: ReadonlySet<ServiceState> = new Set(['Starting', 'Started', 'Stopping'])

/** Makes a root scope that records every event, for tests. Takes the options of `createScope`; exporters come beside the recorder. */
export function createTestScope(options: ScopeOptions = {}): TestScope {
  checkObject(options, 'the options')
  const { exporters = [] } = options
  checkExporters(exporters)
  const events: ServiceEvent[] = []
  const running = new Set<Operation>()
  const open = new Map<Scope, ServiceState>()
  function observe(event: ServiceEvent): void {
    events.push(event)
    if (event.type === 'begin') running.add(event.operation)
    else if (event.type === 'end') running.delete(event.operation)
    else if (event.type === 'state') {
      if (OPEN_STATES.has(event.state)) open.set(event.scope, event.state)
      else open.delete(event.scope)
    }
  }
  const scope = createScope({ ...options, exporters: [{ observe }, ...exporters] })
  function assertNothingLeaked(): void {
    const left = [
      ...[...running].map(({ kind, label, scope: { id } }) => `${kind} "${label}" of "${id}" has not ended`),
      ...[...open].map(([{ id }, state]) => `"${id}" is ${state}`),
    ]
    if (left.length > 0) throw new Error(`Cannot end the test: ${left.join('; ')}`)
  }
  // Of the scope itself, not a copy: what a root shares hangs on it.
  return Object.assign(scope, { events, assertNothingLeaked })
}
