import { errorType } from './error-type.ts'
import type { HealthChange, Operation, ServiceEvent } from './events.ts'
import type { HealthView } from './health-view.ts'
import { SERVICE_STATES } from './service.ts'
import type { Account, Live, ServiceLedger } from './service-ledger.ts'

type Event<T extends ServiceEvent['type']> = Extract<ServiceEvent, { type: T }>

/** Where durations go: each exporter has histograms of its own. */
export interface Measures<A extends Account> {
  tickBegan(live: Live<A>, operation: Operation, lateSeconds: number): void
  taskEnded(live: Live<A>, operation: Operation, seconds: number, endedAt: number): void
  checked(event: Event<'health'>, seconds: number): void
}

/** What changes together. */
export type Topic =
  | 'state'
  | 'startTime'
  | 'startDuration'
  | 'startFailures'
  | 'closeFailures'
  | 'errors'
  | 'transitions'
  | 'conditions'
  | 'taskDuration'
  | 'lateness'
  | 'inFlight'
  | 'checks'

/** Turns events into what a ledger holds. */
export interface ServiceRecorder {
  observe(event: ServiceEvent): void
  /** Each goes up when something of its topic changes, so that what is unchanged need not be rendered again. */
  readonly revisions: Record<Topic, number>
}

export function createServiceRecorder<A extends Account>(
  services: ServiceLedger<A>,
  health: HealthView,
  measures: Measures<A>,
): ServiceRecorder {
  const revisions = {
    state: 0,
    startTime: 0,
    startDuration: 0,
    startFailures: 0,
    closeFailures: 0,
    errors: 0,
    transitions: 0,
    conditions: 0,
    taskDuration: 0,
    lateness: 0,
    inFlight: 0,
    checks: 0,
  }

  function began(operation: Operation): void {
    const { kind, scope, startedAt, lateMs } = operation
    if (isTask(kind)) {
      const live = services.live(scope)
      live.inFlight++
      revisions.inFlight++
      if (lateMs === undefined) return
      revisions.lateness++
      measures.tickBegan(live, operation, lateMs / 1000)
    } else if (kind === 'start') {
      services.live(scope).startedAt = startedAt / 1000
      revisions.startTime++
    }
  }

  function ended({ operation, error, endedAt }: Event<'end'>): void {
    const { kind, scope, startedAt } = operation
    if (isTask(kind)) {
      const live = services.live(scope)
      live.inFlight--
      revisions.inFlight++
      revisions.taskDuration++
      measures.taskEnded(live, operation, seconds(startedAt, endedAt), endedAt)
    } else if (kind === 'start') {
      const live = services.live(scope)
      live.startSeconds = seconds(startedAt, endedAt)
      revisions.startDuration++
      if (error === null) return
      live.account.startFailed(errorType(error))
      revisions.startFailures++
    } else if (kind === 'close' && error !== null) {
      services.live(scope).account.closeFailed(errorType(error))
      revisions.closeFailures++
    }
  }

  function appended({ scope, dropped }: Event<'error'>): void {
    const live = services.live(scope)
    live.account.errors++
    live.account.dropped += dropped
    live.dropped += dropped
    revisions.errors++
  }

  /** What a smaller cap dropped is told by the flush alone, together with what the appends have told already. */
  function flushed({ scope, dropped }: Event<'flush'>): void {
    const live = services.live(scope)
    live.account.dropped += Math.max(0, dropped - live.dropped)
    live.dropped = 0
    revisions.errors++
  }

  function checked(event: Event<'health'>): void {
    const { scope, source, changes, startedAt, endedAt } = event
    health.set(scope, source)
    revisions.checks++
    measures.checked(event, seconds(startedAt, endedAt))
    for (const change of changes) changed(change)
    revisions.transitions++
  }

  function changed({ name, previous, current }: HealthChange): void {
    if (current === undefined) return services.unwatch(name)
    const account = services.watch(name)
    // One that came unhealthy was not healthy before: that is no transition.
    if (previous !== undefined && (previous === null) !== (current === null))
      account.transitioned(current === null ? 'healthy' : 'unhealthy')
  }

  function observe(event: ServiceEvent): void {
    switch (event.type) {
      case 'begin':
        return began(event.operation)
      case 'end':
        return ended(event)
      case 'state':
        services.live(event.scope).state = SERVICE_STATES.indexOf(event.state)
        health.moved(event.scope, event.state)
        revisions.state++
        return undefined
      case 'error':
        return appended(event)
      case 'flush':
        return flushed(event)
      case 'condition':
        services.live(event.scope).conditions = event.active
        revisions.conditions++
        return undefined
      case 'health':
        return checked(event)
      case 'removed':
        return services.remove(event.scope)
    }
  }

  return { observe, revisions }
}

function isTask(kind: Operation['kind']): boolean {
  return kind === 'task' || kind === 'tick'
}

function seconds(startedAt: number, endedAt: number): number {
  return Math.max(0, endedAt - startedAt) / 1000
}
