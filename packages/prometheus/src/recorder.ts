import type { HealthChange, Operation, ServiceEvent } from '@svc/core'
import { errorType, type HealthView, SERVICE_STATES } from '@svc/core/internal'
import { Sample, type Spans } from './exemplar.ts'
import { Histogram } from './histogram.ts'
import type { Live, Services } from './services.ts'

/** What changes together. */
export type Topic = keyof Recorder['revisions']

type Event<T extends ServiceEvent['type']> = Extract<ServiceEvent, { type: T }>

/** Upper bounds in seconds: a poll reads in-process state, and should be far below a probe's time-out of one second. */
const CHECK_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]

/** Turns events into values, each with a number that goes up when it changes, so that an unchanged metric is not rendered again. */
export class Recorder {
  readonly revisions = {
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
  /** Durations of health checks, once there was one. */
  checks: Histogram | undefined = undefined
  private readonly services: Services
  private readonly health: HealthView
  private readonly spans: Spans | undefined

  constructor(services: Services, health: HealthView, spans: Spans | undefined) {
    this.services = services
    this.health = health
    this.spans = spans
  }

  observe(event: ServiceEvent): void {
    switch (event.type) {
      case 'begin':
        return this.begin(event.operation)
      case 'end':
        return this.end(event)
      case 'state':
        this.services.live(event.scope).state = SERVICE_STATES.indexOf(event.state)
        this.health.moved(event.scope, event.state)
        this.revisions.state++
        return undefined
      case 'error':
        return this.appended(event)
      case 'flush':
        return this.flushed(event)
      case 'condition':
        this.services.live(event.scope).conditions = event.active
        this.revisions.conditions++
        return undefined
      case 'health':
        return this.checked(event)
      case 'removed':
        return this.services.remove(event.scope)
    }
  }

  resetChecks(): void {
    this.revisions.checks++
    this.checks &&= new Histogram(CHECK_BUCKETS, {})
  }

  private begin({ kind, scope, label, startedAt, lateMs }: Operation): void {
    if (isTask(kind)) {
      const live = this.services.live(scope)
      live.inFlight++
      this.revisions.inFlight++
      if (lateMs === undefined) return
      live.shown.tickBegan(label, lateMs / 1000)
      this.revisions.lateness++
    } else if (kind === 'start') {
      this.services.live(scope).startedAt = startedAt / 1000
      this.revisions.startTime++
    }
  }

  private end({ operation, error, endedAt }: Event<'end'>): void {
    const { kind, scope, label, startedAt } = operation
    if (isTask(kind)) {
      const live = this.services.live(scope)
      live.inFlight--
      const took = seconds(startedAt, endedAt)
      live.shown.taskEnded(label, took, this.sample(operation, live, took, endedAt))
      this.revisions.inFlight++
      this.revisions.taskDuration++
    } else if (kind === 'start') {
      this.startEnded(this.services.live(scope), error, seconds(startedAt, endedAt))
    } else if (kind === 'close' && error !== null) {
      this.services.live(scope).shown.closeFailed(errorType(error))
      this.revisions.closeFailures++
    }
  }

  private sample(operation: Operation, live: Live, took: number, endedAt: number): Sample | undefined {
    if (this.spans === undefined || !this.services.isCurrent(operation.scope, live)) return undefined
    return new Sample(this.spans, operation, took, endedAt)
  }

  private startEnded(live: Live, error: Error | null, duration: number): void {
    live.startSeconds = duration
    this.revisions.startDuration++
    if (error === null) return
    live.shown.startFailed(errorType(error))
    this.revisions.startFailures++
  }

  private appended({ scope, dropped }: Event<'error'>): void {
    const live = this.services.live(scope)
    live.shown.errors++
    live.shown.dropped += dropped
    live.dropped += dropped
    this.revisions.errors++
  }

  /** What a smaller cap dropped is told by the flush alone, together with what the appends have told already. */
  private flushed({ scope, dropped }: Event<'flush'>): void {
    const live = this.services.live(scope)
    live.shown.dropped += Math.max(0, dropped - live.dropped)
    live.dropped = 0
    this.revisions.errors++
  }

  private checked({ scope, source, changes, startedAt, endedAt }: Event<'health'>): void {
    this.health.set(scope, source)
    this.checks ??= new Histogram(CHECK_BUCKETS, {})
    this.checks.observe(seconds(startedAt, endedAt))
    this.revisions.checks++
    for (const change of changes) this.changed(change)
    this.revisions.transitions++
  }

  private changed({ name, previous, current }: HealthChange): void {
    if (current === undefined) return this.services.unwatch(name)
    const shown = this.services.watch(name)
    // One that came unhealthy was not healthy before: that is no transition.
    if (previous !== undefined && (previous === null) !== (current === null)) shown.transitioned(current === null)
  }
}

function isTask(kind: Operation['kind']): boolean {
  return kind === 'task' || kind === 'tick'
}

function seconds(startedAt: number, endedAt: number): number {
  return Math.max(0, endedAt - startedAt) / 1000
}
