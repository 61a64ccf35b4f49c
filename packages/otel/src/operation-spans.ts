import * as api from '@opentelemetry/api'
import type { Context, SpanContext, SpanOptions, Tracer } from '@opentelemetry/api'
import type { Operation } from '@svc/core'
import { tellError } from '@svc/core/internal'
import { addLink, detached, outside, under } from './contexts.ts'
import { type Exceptions, tellLate } from './exceptions.ts'
import { createLiveSpans, type LiveSpan } from './live-spans.ts'
import { createDrains, type Drained } from './drains.ts'
import { closeReason, countTick, describeBegin, describeEnd } from './operation-facts.ts'
import type { ServiceRecord, Services } from './services.ts'
import type { SpanSubject } from './span-names.ts'
import { toHrTime } from './time.ts'

/** Which tasks or ticks get a span: none, those that failed, or all. */
export type Recorded = 'off' | 'errors' | 'all'

export interface OperationSpanOptions {
  readonly tracer: Tracer
  readonly services: Services
  readonly exceptions: Exceptions
  readonly ticks: Recorded
  readonly tasks: Recorded
  readonly single: boolean
  readonly titleOf: (subject: SpanSubject) => string
}

/** The spans of operations, each from its beginning to its end. */
export interface OperationSpans {
  begin(operation: Operation): void
  /** Gives back whether a span of it was recorded. */
  end(operation: Operation, error: Error | null, endedAt: number): boolean
  activate<T>(operation: Operation, fn: () => T): T
  /** Names the span of an operation, also after its end. */
  nameOf(operation: Operation): SpanContext | undefined
  /** Makes the spans that wait for something. */
  settle(): void
}

export function createOperationSpans(options: OperationSpanOptions): OperationSpans {
  const { tracer, services, exceptions, ticks, tasks, single, titleOf } = options
  const live = createLiveSpans()
  const drains = createDrains()

  function begin(operation: Operation): void {
    const { kind, scope, parent } = operation
    if (isFreeDrain(operation)) return
    if (!isDetached(kind)) {
      const it = open(operation, services.known(scope))
      if (it !== undefined && kind === 'close' && parent === undefined)
        for (const drained of drains.take(scope)) writeDrain(drained, it.context)
      return
    }
    const recorded = kind === 'task' ? tasks : ticks
    const service = recorded === 'off' ? services.known(scope) : services.of(scope)
    if (service === undefined) return
    service.inFlight++
    if (recorded === 'off') return
    if (kind === 'tick') countTick(service, operation.label)
    if (recorded === 'all') open(operation, service)
  }

  /** @param within The context of the close that it was for, if one came. */
  function writeDrain({ operation, error, endedAt }: Drained, within: Context | undefined): void {
    const service = services.of(operation.scope)
    const it = open(operation, service, within)
    if (it !== undefined) finish(it, operation, service, error, endedAt)
  }

  function settle(): void {
    for (const drained of drains.takeAll()) writeDrain(drained, undefined)
  }

  function open(operation: Operation, known: ServiceRecord | undefined, within?: Context): LiveSpan | undefined {
    const { kind, scope, parent, startedAt } = operation
    const above = parent === undefined || isDetached(kind) ? undefined : live.get(parent)
    const start = kind === 'start' ? undefined : startOf(operation, known)
    const context = within ?? above?.context ?? contextOf(operation, start)
    const spanOptions: SpanOptions = { startTime: toHrTime(startedAt) }
    if (start !== undefined && (kind === 'close' || isDetached(kind)))
      spanOptions.links = addLink([], context, start, 'start')
    const span = tracer.startSpan(titleOf(operation), spanOptions, context)
    const isRecording = span.isRecording()
    // A valid one that is not recorded was left out by the sampler: what runs below must know that.
    if (!isRecording && !api.isSpanContextValid(span.spanContext())) return undefined
    const service = known ?? services.of(scope)
    const it: LiveSpan = {
      span,
      context: api.trace.setSpan(context, span),
      reason: kind === 'close' ? closeReason(operation, above?.reason) : undefined,
      subServices: 0,
      told: undefined,
      late: undefined,
    }
    live.set(operation, it)
    if (kind === 'start') {
      if (above !== undefined) above.subServices++
      if (scope.name !== '') service.start = span.spanContext()
    }
    if (isRecording) describeBegin(span, operation, service)
    return it
  }

  function end(operation: Operation, error: Error | null, endedAt: number): boolean {
    const { kind, scope } = operation
    if (isFreeDrain(operation)) {
      const oldest = drains.hold({ operation, error, endedAt })
      if (oldest !== undefined) writeDrain(oldest, undefined)
      return false
    }
    const service = services.known(scope)
    if (service === undefined) return false
    if (isDetached(kind) && service.inFlight > 0) service.inFlight--
    const it = live.get(operation) ?? (error === null ? undefined : openFailed(operation, service))
    if (it === undefined) return false
    if (kind === 'start' && error === null) service.upSince = endedAt
    return finish(it, operation, service, error, endedAt)
  }

  function finish(
    it: LiveSpan,
    operation: Operation,
    service: ServiceRecord,
    error: Error | null,
    endedAt: number,
  ): boolean {
    live.delete(operation)
    const { span } = it
    if (!span.isRecording()) return false
    const time = toHrTime(endedAt)
    try {
      describeEnd(it, operation, service, error === null, endedAt)
      if (error !== null) fail(it, operation, error, time)
    } finally {
      span.end(time)
    }
    return true
  }

  /** Of a task or tick of which only failures are recorded, the span is made when all is over. */
  function openFailed(operation: Operation, service: ServiceRecord): LiveSpan | undefined {
    const { kind } = operation
    return isDetached(kind) && (kind === 'task' ? tasks : ticks) === 'errors' ? open(operation, service) : undefined
  }

  function fail(it: LiveSpan, { kind, parent }: Operation, error: Error, time: api.HrTime): void {
    const above = parent === undefined ? undefined : live.get(parent)
    // The waits of one close that come after its deadline are about the same tasks.
    const late = kind === 'wait' ? above?.late : it.late
    exceptions.mark(it.span, error)
    exceptions.recordAll(it.span, it.context, error, time, it.told, late)
    if (above === undefined) return
    for (const reason of it.late ?? []) (above.late ??= new Set()).add(reason)
    tellLate((above.late ??= new Set()), error)
    const told = (it.told ??= new Set())
    tellError(told, error)
    if (above.told === undefined) above.told = told
    else for (const part of told) above.told.add(part)
  }

  function activate<T>(operation: Operation, fn: () => T): T {
    const it = live.get(operation)
    if (it !== undefined) return api.context.with(it.context, fn)
    if (!isDetached(operation.kind)) return fn()
    const active = api.context.active()
    const context = detached()
    return context === active ? fn() : api.context.with(context, fn)
  }

  /** Where the span of an operation belongs that is not part of another one with a span. */
  function contextOf({ kind, parent }: Operation, start: SpanContext | undefined): Context {
    if (isDetached(kind)) return under(detached(), single ? start : undefined)
    // Where the parent has ended, a start's span is still known.
    const startAbove = parent?.kind === 'start' ? services.known(parent.scope)?.start : undefined
    if (startAbove !== undefined) return under(detached(), startAbove)
    return single && start !== undefined ? under(detached(), start) : outside()
  }

  /** The span of the scope's own start. */
  function startOf({ origin }: Operation, service: ServiceRecord | undefined): SpanContext | undefined {
    return origin === undefined ? service?.start : services.known(origin.scope)?.start
  }

  return { begin, end, activate, nameOf: live.nameOf, settle }
}

/** Tasks and ticks outlive the start or close that they were begun in. */
function isDetached(kind: Operation['kind']): kind is 'task' | 'tick' {
  return kind === 'task' || kind === 'tick'
}

/** One that is part of nothing comes before a close, which its span is to be part of. */
function isFreeDrain({ kind, parent }: Operation): boolean {
  return kind === 'drain' && parent === undefined
}
