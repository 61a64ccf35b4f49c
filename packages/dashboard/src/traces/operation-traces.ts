import type { Operation } from '@svc/core'
import { cut, NAME_LIMIT, tellError } from '@svc/core/internal'
import { createLiveSpans, type LiveSpan } from './live.ts'
import { type Facts, rootOf, type Span, type Trace } from './model.ts'
import type { References } from './references.ts'
import { countTick, isPart, type ServiceRecord, type Services } from './services.ts'
import type { Shelf } from './shelf.ts'
import { addSpan, createTrace, endSpan, failSpan } from './spans.ts'
import { trimEnded } from './trim.ts'

/** Which tasks or ticks are shown: none, those that failed, or all. */
export type Recorded = 'off' | 'errors' | 'all'

export interface OperationTraceOptions {
  readonly services: Services
  readonly shelf: Shelf
  readonly references: References
  readonly ticks: Recorded
  readonly tasks: Recorded
  /** How many tasks and ticks that have not ended are shown at once. */
  readonly mostOpen: number
}

/** The traces of operations. */
export interface OperationTraces {
  begin(operation: Operation): void
  end(operation: Operation, error: Error | null, endedAt: number): void
}

const MOST_PENDING = 10
/** The most errors of one trace that are remembered as told while it is open. */
const MOST_TOLD = 10_000

export function createOperationTraces(options: OperationTraceOptions): OperationTraces {
  const { services, shelf, references, ticks, tasks, mostOpen } = options
  const live = createLiveSpans()

  function begin(operation: Operation): void {
    const { kind, scope } = operation
    const service = services.of(scope)
    if (!isDetached(kind)) {
      open(operation, service)
      return
    }
    service.running.add(operation)
    if (kind === 'tick' && ticks !== 'off') countTick(service, operation.label)
    // Of thousands of tasks in flight those past the first are shown when they end.
    if (recordedOf(kind) === 'all' && shelf.openWork() < mostOpen) open(operation, service)
  }

  function open(operation: Operation, service: ServiceRecord): LiveSpan {
    const { kind, scope, label, startedAt } = operation
    const above = isDetached(kind) ? undefined : live.get(operation.parent)?.span
    const trace = above?.trace ?? createTrace(kindOf(kind), !isPart(services, scope))
    const span = addSpan(trace, {
      kind,
      name: kind === 'task' ? label || scope.name : scope.name || label,
      service: scope.id || label,
      owner: service.number,
      task: isDetached(kind) ? label : undefined,
      parent: above,
      startedAt,
      facts: factsOf(operation, service, above),
      subject: operation,
    })
    span.state = kind === 'start' ? 'Starting' : kind === 'close' ? 'Stopping' : service.state
    if (kind === 'start' && above?.kind === 'start') {
      above.facts = { ...above.facts, subServices: (above.facts?.subServices ?? 0) + 1 }
    }
    const it: LiveSpan = { span, told: undefined }
    live.set(operation, it)
    if (above === undefined) shelf.add(trace)
    references.watch(span)
    return it
  }

  function end(operation: Operation, error: Error | null, endedAt: number): void {
    const { kind, scope } = operation
    const service = services.of(scope)
    service.running.delete(operation)
    const it = live.get(operation) ?? (isWorthMaking(kind, error) ? open(operation, service) : undefined)
    if (kind === 'start' && error === null) {
      service.hasStarted = true
      service.upSince = endedAt
    }
    if (it === undefined) return
    live.set(operation, undefined)
    const { span } = it
    endSpan(span, endedAt)
    if (kind === 'start') span.state = error === null ? 'Started' : 'StartFailed'
    if (kind === 'close') {
      span.state = error === null ? 'Stopped' : 'StopFailed'
      if (span.parent === undefined) closed(service)
    }
    if (error !== null) fail(it, operation, error)
    references.watch(span)
    settle(span.trace, span)
  }

  function settle(trace: Trace, span: Span): void {
    if (trace.open === 0) trimEnded(trace)
    if (span === rootOf(trace)) shelf.settle(trace)
  }

  /** A task or tick that has no span gets one at its end, where it failed or all are wanted. */
  function isWorthMaking(kind: Operation['kind'], error: Error | null): boolean {
    if (!isDetached(kind)) return false
    const recorded = recordedOf(kind)
    return recorded === 'all' || (recorded === 'errors' && error !== null)
  }

  function fail(it: LiveSpan, { parent }: Operation, error: Error): void {
    failSpan(it.span, error, it.told)
    const above = live.get(parent)
    if (above === undefined) return
    const told = (it.told ??= new Set())
    tellError(told, error)
    if (above.told === undefined) above.told = told
    else if (above.told.size < MOST_TOLD) for (const part of told) above.told.add(part)
  }

  function closed({ number }: ServiceRecord): void {
    for (const trace of shelf.all()) if (trace.kind === 'start' && rootOf(trace).owner === number) trace.isOver = true
  }

  function recordedOf(kind: Operation['kind']): Recorded {
    return kind === 'task' ? tasks : ticks
  }

  return { begin, end }
}

function isDetached(kind: Operation['kind']): kind is 'task' | 'tick' {
  return kind === 'task' || kind === 'tick'
}

/** A wait is always part of a close; by itself only if somebody makes one by hand. */
function kindOf(kind: Operation['kind']): Trace['kind'] {
  return kind === 'wait' ? 'close' : kind
}

function factsOf(operation: Operation, service: ServiceRecord, above: Span | undefined): Facts | undefined {
  const { kind, label, startedAt } = operation
  if (kind === 'tick') return { tick: service.ticks.get(label) }
  if (kind === 'wait') return waitFacts(service)
  if (kind !== 'close') return undefined
  const uptimeMs = service.upSince > 0 ? startedAt - service.upSince : undefined
  return { uptimeMs, closeReason: closeReason(operation, above) }
}

function closeReason({ parent, scope }: Operation, above: Span | undefined): string {
  if (parent === undefined) return scope.draining?.aborted ? 'shutdown' : 'requested'
  return parent.kind === 'start' || above?.facts?.closeReason === 'start_failed' ? 'start_failed' : 'parent'
}

function waitFacts({ running }: ServiceRecord): Facts {
  return { pending: running.size, pendingLabels: labelsOf(running) }
}

/** The labels of tasks, those that have run longest first. */
export function labelsOf(running: Iterable<Operation>): readonly string[] {
  const labels = new Set<string>()
  for (const { label } of running) {
    labels.add(cut(label, NAME_LIMIT))
    if (labels.size === MOST_PENDING) break
  }
  return [...labels]
}
