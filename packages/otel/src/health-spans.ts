import * as api from '@opentelemetry/api'
import type { Context, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { HealthChange, HealthSource, Scope, ServiceEvent } from '@svc/core'
import { conditionsFirst, cut, healthStatus, isHealthTransition, NAME_LIMIT } from '@svc/core/internal'
import { addLink, detached, under } from './contexts.ts'
import type { Exceptions } from './exceptions.ts'
import { divide } from './divide.ts'
import { outermostStart, type Services } from './services.ts'
import type { SpanSubject } from './span-names.ts'
import { toHrTime } from './time.ts'

type FlushEvent = Extract<ServiceEvent, { type: 'flush' }>
type HealthEvent = Extract<ServiceEvent, { type: 'health' }>

export interface HealthSpanOptions {
  readonly tracer: Tracer
  readonly services: Services
  readonly exceptions: Exceptions
  readonly single: boolean
  readonly titleOf: (subject: SpanSubject) => string
}

/** The spans of polls that found something, and of error buffers that were emptied. */
export interface HealthSpans {
  flushed(event: FlushEvent): void
  polled(event: HealthEvent): void
  /** Ends the wait for a poll that flushes may have been part of. */
  settle(): void
  /** Names the span of a poll or of a flush. */
  nameOf(event: ServiceEvent): SpanContext | undefined
}

interface Waiting {
  readonly event: FlushEvent
  readonly context: Context
}

/** The most exceptions on one span: SDKs keep 128 events. */
const MOST_ERRORS = 128
const MOST_CONDITIONS = 10
/** How long a moment lasts on a span: Jaeger warns of one that takes no time, and of a child that ends after its parent. */
const MOMENT_MS = 1 / 512
/** The most changes, and the most flushes, of one poll that get a span: the queue of a batch processor holds 2,048 spans. */
const MOST_CHILDREN = 500

export function createHealthSpans({ tracer, services, exceptions, single, titleOf }: HealthSpanOptions): HealthSpans {
  const previous = new WeakMap<HealthSource, Map<string, SpanContext>>()
  const names = new WeakMap<ServiceEvent, SpanContext>()
  let waiting: Waiting[] = []

  /** A poll empties buffers first and tells of itself last, all in one go: what none has claimed by then was emptied by hand. */
  function flushed(event: FlushEvent): void {
    if (event.errors.length === 0) return
    if (waiting.length === 0) queueMicrotask(settle)
    waiting.push({ event, context: detached() })
  }

  function settle(): void {
    const unclaimed = waiting
    waiting = []
    for (const { event, context } of unclaimed) {
      writeFlush(event, under(context, single ? services.known(event.scope)?.start : undefined))
    }
  }

  function polled(event: HealthEvent): void {
    const { source, changes, startedAt, endedAt } = event
    const isClaimed = ({ event: { at } }: Waiting): boolean => at >= startedAt && at <= endedAt
    const claimed = waiting.filter(isClaimed)
    if (claimed.length > 0) waiting = waiting.filter((it) => !isClaimed(it))
    const transitions = changes.filter(isHealthTransition)
    if (claimed.length > 0 || transitions.length > 0) {
      const flushes = claimed.map((it) => it.event)
      writeCheck(event, transitions, flushes)
    }
    const transitionsBefore = previous.get(source)
    for (const { name, current } of changes) if (current === undefined) transitionsBefore?.delete(name)
  }

  function writeCheck(event: HealthEvent, transitions: readonly HealthChange[], flushes: readonly FlushEvent[]): void {
    const { scope, source, startedAt, endedAt } = event
    const start = appStart(transitions, flushes)
    const context = under(detached(), single ? start : undefined)
    const links = addLink([], context, start, 'start')
    const span = tracer.startSpan('health check', { startTime: toHrTime(startedAt), links }, context)
    names.set(event, span.spanContext())
    const inside = api.trace.setSpan(context, span)
    try {
      for (const flush of flushes.slice(0, MOST_CHILDREN)) writeFlush(flush, inside)
      const [written, leftOut] = divide(transitions, MOST_CHILDREN)
      for (const transition of written) writeTransition(transition, source, endedAt, inside)
      // The next change is linked to the one before, or to none.
      for (const { name } of leftOut) previous.get(source)?.delete(name)
      const countLeftOut = leftOut.length + Math.max(0, flushes.length - MOST_CHILDREN)
      if (countLeftOut > 0) span.setAttribute('svc.health.left_out', countLeftOut)
      if (span.isRecording()) describeCheck(span, scope, services.known(scope)?.state, source)
    } finally {
      span.end(toHrTime(endedAt + MOMENT_MS))
    }
  }

  function writeTransition(
    { name, previous: before, current }: HealthChange,
    source: HealthSource,
    at: number,
    context: Context,
  ): void {
    const service = services.named(name)
    const time = toHrTime(at)
    const links = addLink([], context, service?.start, 'start')
    addLink(links, context, previous.get(source)?.get(name), 'previous')
    const shortName = service === undefined ? name : service.scope.name
    const title =
      service === undefined
        ? cut(`health ${name}`, NAME_LIMIT)
        : titleOf({ kind: 'health', scope: service.scope, label: shortName })
    const span = tracer.startSpan(title, { startTime: time, links }, context)
    if (!span.isRecording()) return
    describe(span, 'health', shortName, name, service?.state)
    span.setAttribute('svc.health.status', healthStatus(current))
    span.setAttribute('svc.health.previous_status', healthStatus(before))
    if (service?.conditions !== undefined && service.conditions.size > 0)
      span.setAttribute('svc.health.condition', firstKeys(service.conditions))
    if (current != null && healthStatus(current) === 'unhealthy') {
      const error = conditionsFirst(current, service?.conditions ?? [])
      exceptions.mark(span, error)
      exceptions.recordAll(span, api.trace.setSpan(context, span), error, time)
    }
    span.end(toHrTime(at + MOMENT_MS))
    let transitions = previous.get(source)
    if (transitions === undefined) previous.set(source, (transitions = new Map<string, SpanContext>()))
    transitions.set(name, span.spanContext())
  }

  function writeFlush(event: FlushEvent, context: Context): void {
    const { scope, errors, dropped, at } = event
    const service = services.known(scope)
    const time = toHrTime(at)
    const links = addLink([], context, service?.start, 'start')
    const title = titleOf({ kind: 'flush', scope, label: scope.name })
    const span = tracer.startSpan(title, { startTime: time, links }, context)
    names.set(event, span.spanContext())
    if (!span.isRecording()) return
    describe(span, 'flush', scope.name, scope.id, service?.state)
    span.setAttribute('svc.error.count', errors.length)
    span.setAttribute('svc.error.dropped', dropped)
    const newest = errors.at(-1) as Error
    exceptions.mark(span, newest, errors.length === 1 ? '' : ` (and ${errors.length - 1} before it)`)
    const inside = api.trace.setSpan(context, span)
    for (const error of errors.slice(-MOST_ERRORS)) exceptions.record(span, inside, error, time)
    span.end(toHrTime(at + MOMENT_MS))
  }

  /** The start of the outermost service of the first one that is known. */
  function appStart(transitions: readonly HealthChange[], flushes: readonly FlushEvent[]): SpanContext | undefined {
    for (const { scope } of flushes) {
      const start = outermostStart(services, scope)
      if (start !== undefined) return start
    }
    for (const { name } of transitions) {
      const start = outermostStart(services, services.named(name)?.scope)
      if (start !== undefined) return start
    }
    return undefined
  }

  return { flushed, polled, settle, nameOf: (event) => names.get(event) }
}

function describe(span: Span, operation: string, name: string, id: string, state: string | undefined): void {
  span.setAttribute('svc.operation', operation)
  span.setAttribute('svc.name', cut(name, NAME_LIMIT))
  span.setAttribute('svc.id', cut(id, NAME_LIMIT))
  if (state !== undefined) span.setAttribute('svc.state', state)
}

function describeCheck(span: Span, { name, id }: Scope, state: string | undefined, source: HealthSource): void {
  // A checker may be no service, and have no name.
  if (name === '') span.setAttribute('svc.operation', 'health check')
  else describe(span, 'health check', name, id, state)
  const { health } = source.snapshot()
  let unhealthy = 0
  for (const error of health.values()) if (error !== null) unhealthy++
  span.setAttribute('svc.health.checked', health.size)
  span.setAttribute('svc.health.unhealthy', unhealthy)
}

function firstKeys(conditions: ReadonlySet<string>): string[] {
  const keys: string[] = []
  for (const key of conditions) if (keys.push(cut(key, NAME_LIMIT)) === MOST_CONDITIONS) break
  return keys
}
