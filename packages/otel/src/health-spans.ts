import * as api from '@opentelemetry/api'
import type { Context, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { HealthChange, HealthSource, ServiceEvent } from '@svc/core'
import { addLink, detached, under } from './contexts.ts'
import type { Exceptions } from './exceptions.ts'
import { isTransition, statusOf } from './health-status.ts'
import { outermostStart, type Services } from './services.ts'
import { cut, NAME_LIMIT } from './text.ts'
import { toHrTime } from './time.ts'

type FlushEvent = Extract<ServiceEvent, { type: 'flush' }>
type HealthEvent = Extract<ServiceEvent, { type: 'health' }>

export interface HealthSpanOptions {
  readonly tracer: Tracer
  readonly services: Services
  readonly exceptions: Exceptions
  readonly single: boolean
}

/** The spans of polls that found something, and of error buffers that were emptied. */
export interface HealthSpans {
  flushed(event: FlushEvent): void
  polled(event: HealthEvent): void
  /** Ends the wait for a poll that flushes may have been part of. */
  settle(): void
}

/** The most exceptions on one span: SDKs keep 128 events. */
const MOST_ERRORS = 128
const MOST_CONDITIONS = 10

export function createHealthSpans({ tracer, services, exceptions, single }: HealthSpanOptions): HealthSpans {
  const previous = new WeakMap<HealthSource, Map<string, SpanContext>>()
  let waiting: { readonly event: FlushEvent; readonly context: Context }[] = []

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
    const claimed = waiting.filter(({ event: { at } }) => at >= startedAt && at <= endedAt)
    if (claimed.length > 0) waiting = waiting.filter((it) => !claimed.includes(it))
    const transitions = changes.filter(isTransition)
    if (claimed.length > 0 || transitions.length > 0) {
      const flushes = claimed.map((it) => it.event)
      writeCheck(event, transitions, flushes)
    }
    const transitionsBefore = previous.get(source)
    for (const { name, current } of changes) if (current === undefined) transitionsBefore?.delete(name)
  }

  function writeCheck(
    { source, startedAt, endedAt }: HealthEvent,
    transitions: readonly HealthChange[],
    flushes: readonly FlushEvent[],
  ): void {
    const start = appStart(transitions, flushes)
    const context = under(detached(), single ? start : undefined)
    const links = addLink([], context, start, 'start')
    const span = tracer.startSpan('health check', { startTime: toHrTime(startedAt), links }, context)
    const inside = api.trace.setSpan(context, span)
    try {
      for (const flush of flushes) writeFlush(flush, inside)
      for (const transition of transitions) writeTransition(transition, source, endedAt, inside)
      if (span.isRecording()) describeCheck(span, source)
    } finally {
      span.end(toHrTime(endedAt))
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
    const span = tracer.startSpan(cut(`health ${shortName}`, NAME_LIMIT), { startTime: time, links }, context)
    if (!span.isRecording()) return
    describe(span, 'health', shortName, name, service?.state)
    span.setAttribute('svc.health.status', statusOf(current))
    span.setAttribute('svc.health.previous_status', statusOf(before))
    if (service?.conditions !== undefined && service.conditions.size > 0)
      span.setAttribute('svc.health.condition', firstKeys(service.conditions))
    if (current != null && statusOf(current) === 'unhealthy') {
      exceptions.mark(span, current)
      exceptions.recordAll(span, api.trace.setSpan(context, span), current, time)
    }
    span.end(time)
    let transitions = previous.get(source)
    if (transitions === undefined) previous.set(source, (transitions = new Map<string, SpanContext>()))
    transitions.set(name, span.spanContext())
  }

  function writeFlush({ scope, errors, dropped, at }: FlushEvent, context: Context): void {
    const service = services.known(scope)
    const time = toHrTime(at)
    const links = addLink([], context, service?.start, 'start')
    const span = tracer.startSpan(cut(`flush ${scope.name}`, NAME_LIMIT), { startTime: time, links }, context)
    if (!span.isRecording()) return
    describe(span, 'flush', scope.name, scope.id, service?.state)
    span.setAttribute('svc.error.count', errors.length)
    span.setAttribute('svc.error.dropped', dropped)
    const newest = errors.at(-1) as Error
    exceptions.mark(span, newest, errors.length === 1 ? '' : ` (and ${errors.length - 1} before it)`)
    const inside = api.trace.setSpan(context, span)
    for (const error of errors.slice(-MOST_ERRORS)) exceptions.record(span, inside, error, time)
    span.end(time)
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

  return { flushed, polled, settle }
}

function describe(span: Span, operation: string, name: string, id: string, state: string | undefined): void {
  span.setAttribute('svc.operation', operation)
  span.setAttribute('svc.name', cut(name, NAME_LIMIT))
  span.setAttribute('svc.id', cut(id, NAME_LIMIT))
  if (state !== undefined) span.setAttribute('svc.state', state)
}

function describeCheck(span: Span, source: HealthSource): void {
  span.setAttribute('svc.operation', 'health check')
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
