import type { Context, Histogram } from '@opentelemetry/api'
import type { HealthChange, Operation, ServiceEvent } from '@svc/core'
import { errorType, type HealthView, SERVICE_STATES } from '@svc/core/internal'
import type { ServiceTable } from './service-counts.ts'

type Event<T extends ServiceEvent['type']> = Extract<ServiceEvent, { type: T }>

/** Where what is measured goes at once, besides what is collected. */
export interface Measured {
  readonly services: ServiceTable
  readonly health: HealthView
  readonly checks: Histogram
  readonly tasks: Histogram
  readonly lateness: Histogram
}

/** Turns events into values. `contextOf` gives a context with the span of an operation, for exemplars. */
export function createRecorder(
  { services, health, checks, tasks, lateness }: Measured,
  contextOf: (subject: Operation | ServiceEvent) => Context | undefined,
): (event: ServiceEvent) => void {
  function began(operation: Operation): void {
    const { kind, scope, label, startedAt, lateMs } = operation
    if (isTask(kind)) {
      const live = services.live(scope)
      live.inFlight++
      if (lateMs !== undefined)
        lateness.record(lateMs / 1000, live.counts.labels.with('task', label), contextOf(operation))
    } else if (kind === 'start') services.live(scope).startedAt = startedAt / 1000
  }

  function ended({ operation, error, endedAt }: Event<'end'>): void {
    const { kind, scope, label, startedAt } = operation
    if (isTask(kind)) {
      const live = services.live(scope)
      live.inFlight--
      tasks.record(seconds(startedAt, endedAt), live.counts.labels.with('task', label), contextOf(operation))
    } else if (kind === 'start') {
      const live = services.live(scope)
      live.startSeconds = seconds(startedAt, endedAt)
      if (error !== null) live.counts.startFailed(errorType(error))
    } else if (kind === 'close' && error !== null) {
      services.live(scope).counts.closeFailed(errorType(error))
    }
  }

  function appended({ scope, dropped }: Event<'error'>): void {
    const live = services.live(scope)
    live.counts.errors++
    live.counts.dropped += dropped
    live.dropped += dropped
  }

  /** What a smaller cap dropped is told by the flush alone, together with what the appends have told already. */
  function flushed({ scope, dropped }: Event<'flush'>): void {
    const live = services.live(scope)
    live.counts.dropped += Math.max(0, dropped - live.dropped)
    live.dropped = 0
  }

  function polled(event: Event<'health'>): void {
    const { scope, source, changes, startedAt, endedAt } = event
    health.set(scope, source)
    checks.record(seconds(startedAt, endedAt), undefined, contextOf(event))
    for (const change of changes) changed(change)
  }

  function changed({ name, previous, current }: HealthChange): void {
    if (current === undefined) return services.unwatch(name)
    const counts = services.watch(name)
    // One that came unhealthy was not healthy before: that is no transition.
    if (previous !== undefined && (previous === null) !== (current === null))
      counts.transitioned(current === null ? 'healthy' : 'unhealthy')
  }

  return (event) => {
    switch (event.type) {
      case 'begin':
        return began(event.operation)
      case 'end':
        return ended(event)
      case 'state':
        services.live(event.scope).state = SERVICE_STATES.indexOf(event.state)
        health.moved(event.scope, event.state)
        return undefined
      case 'error':
        return appended(event)
      case 'flush':
        return flushed(event)
      case 'condition':
        services.live(event.scope).conditions = event.active
        return undefined
      case 'health':
        return polled(event)
      case 'removed':
        return services.remove(event.scope)
    }
  }
}

function isTask(kind: Operation['kind']): boolean {
  return kind === 'task' || kind === 'tick'
}

function seconds(startedAt: number, endedAt: number): number {
  return Math.max(0, endedAt - startedAt) / 1000
}
