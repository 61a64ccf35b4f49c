import type { HealthChange, HealthSource, ServiceEvent } from '@svc/core'
import { conditionsFirst, cut, healthStatus, isHealthTransition, NAME_LIMIT } from '@svc/core/internal'
import type { Facts, Span, Trace } from './model.ts'
import type { References } from './references.ts'
import type { Services } from './services.ts'
import type { Shelf } from './shelf.ts'
import { addSpan, createTrace, endSpan, failSpan, failSpanWithAll } from './spans.ts'

type FlushEvent = Extract<ServiceEvent, { type: 'flush' }>
type HealthEvent = Extract<ServiceEvent, { type: 'health' }>

export interface HealthTraceOptions {
  readonly services: Services
  readonly shelf: Shelf
  readonly references: References
}

/** The traces of polls that found something, and of error buffers that were emptied by hand. */
export interface HealthTraces {
  flushed(event: FlushEvent): void
  polled(event: HealthEvent): void
}

/** The most changes of one poll that are kept: those of a whole tree say the same thing many times. */
const MOST_CHANGES = 500

export function createHealthTraces({ services, shelf, references }: HealthTraceOptions): HealthTraces {
  let waiting: FlushEvent[] = []

  /** A poll empties buffers first and tells of itself last, all in one go: what none has claimed by then was emptied by hand. */
  function flushed(event: FlushEvent): void {
    if (event.errors.length === 0) return
    if (waiting.length === 0) queueMicrotask(settle)
    waiting.push(event)
  }

  function settle(): void {
    const unclaimed = waiting
    waiting = []
    for (const event of unclaimed) {
      const trace = createTrace('flush', true)
      addFlush(trace, event, undefined)
      shelf.add(trace)
    }
  }

  function polled(event: HealthEvent): void {
    const { source, changes, scope, startedAt, endedAt } = event
    const claimed = waiting.filter(({ at }) => at >= startedAt && at <= endedAt)
    if (claimed.length > 0) waiting = waiting.filter((it) => !claimed.includes(it))
    const transitions = unhealthyFirst(changes.filter(isHealthTransition))
    if (claimed.length === 0 && transitions.length === 0) return
    const trace = createTrace('health', true)
    const root = addSpan(trace, {
      kind: 'health check',
      name: scope.name,
      service: scope.id,
      owner: services.of(scope).number,
      startedAt,
      facts: counts(source),
      subject: event,
    })
    root.state = services.of(scope).state
    for (const flush of claimed) addFlush(trace, flush, root)
    for (const { name, previous, current } of transitions) {
      if (trace.spans.length > MOST_CHANGES) {
        root.leftOut++
        continue
      }
      const service = cut(name, NAME_LIMIT)
      const conditions = services.conditionsOf(service)
      const span = addSpan(trace, {
        kind: 'health',
        name: service,
        service,
        owner: 0,
        parent: root,
        startedAt: endedAt,
        facts: {
          status: healthStatus(current),
          previousStatus: healthStatus(previous),
          conditions: conditions.length > 0 ? conditions : undefined,
        },
        // None: a poll has many changes, and what names a span is asked for the poll.
        subject: undefined,
      })
      if (current != null && healthStatus(current) === 'unhealthy') failSpan(span, conditionsFirst(current, conditions))
      endSpan(span, endedAt)
    }
    endSpan(root, endedAt)
    references.watch(root)
    shelf.add(trace)
  }

  function addFlush(trace: Trace, event: FlushEvent, parent: Span | undefined): void {
    const { scope, errors, dropped, at } = event
    const service = services.of(scope)
    const span = addSpan(trace, {
      kind: 'flush',
      name: scope.name,
      service: scope.id,
      owner: service.number,
      parent,
      startedAt: at,
      facts: { errorCount: errors.length, dropped },
      subject: event,
    })
    span.state = service.state
    failSpanWithAll(span, errors)
    endSpan(span, at)
    references.watch(span)
  }

  return { flushed, polled }
}

/** Where there is no room for all, what has become unhealthy stays. */
function unhealthyFirst(changes: readonly HealthChange[]): readonly HealthChange[] {
  if (changes.length <= MOST_CHANGES) return changes
  const isRed = ({ current }: HealthChange): boolean => healthStatus(current) === 'unhealthy'
  return [...changes.filter(isRed), ...changes.filter((it) => !isRed(it))]
}

function counts(source: HealthSource): Facts | undefined {
  try {
    const { health } = source.snapshot()
    let unhealthy = 0
    for (const error of health.values()) if (healthStatus(error) === 'unhealthy') unhealthy++
    return { checked: health.size, unhealthy }
  } catch {
    return undefined
  }
}
