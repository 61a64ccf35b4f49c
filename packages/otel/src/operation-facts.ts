import type { Span } from '@opentelemetry/api'
import type { Operation } from '@svc/core'
import { cut, NAME_LIMIT } from '@svc/core/internal'
import type { ServiceRecord } from './services.ts'

/** What is known at the end of an operation besides the operation itself. */
export interface Ending {
  readonly span: Span
  readonly reason: string | undefined
  readonly subServices: number
}

/** Sets what is known when an operation begins. One call an attribute: an object would be copied by the SDK. */
export function describeBegin(span: Span, operation: Operation, service: ServiceRecord): void {
  const { kind, scope, label, lateMs } = operation
  span.setAttribute('svc.operation', kind)
  span.setAttribute('svc.name', cut(scope.name === '' ? label : scope.name, NAME_LIMIT))
  span.setAttribute('svc.id', cut(scope.id === '' ? label : scope.id, NAME_LIMIT))
  if (kind === 'task' || kind === 'tick') span.setAttribute('svc.task.name', cut(label, NAME_LIMIT))
  // Made after the end, it is the count of that time; a loop's ticks do not overlap.
  if (kind === 'tick') span.setAttribute('svc.tick.seq', service.ticks?.get(label) ?? 1)
  if (lateMs !== undefined) span.setAttribute('svc.tick.lateness', lateMs / 1000)
  if (kind === 'wait') span.setAttribute('svc.task.pending', service.inFlight)
}

/** Sets what is known when it has ended. */
export function describeEnd(
  { span, reason, subServices }: Ending,
  { kind, startedAt }: Operation,
  service: ServiceRecord,
  isSuccess: boolean,
  endedAt: number,
): void {
  if (kind === 'start') {
    span.setAttribute('svc.state', isSuccess ? 'Started' : 'StartFailed')
    span.setAttribute('svc.subservice.count', subServices)
    return
  }
  if (kind === 'close') {
    span.setAttribute('svc.state', isSuccess ? 'Stopped' : 'StopFailed')
    if (reason !== undefined) span.setAttribute('svc.close.reason', reason)
    if (service.upSince > 0) span.setAttribute('svc.uptime', (startedAt - service.upSince) / 1000)
    return
  }
  if (service.state !== undefined) span.setAttribute('svc.state', service.state)
  if (kind === 'drain') span.setAttribute('svc.drain.delay', (endedAt - startedAt) / 1000)
}

export function countTick(service: ServiceRecord, label: string): void {
  const ticks = (service.ticks ??= new Map<string, number>())
  ticks.set(label, (ticks.get(label) ?? 0) + 1)
}

/** Why a service is closed: a start above failed, its owner closes, the program ends, or somebody asked for it. */
export function closeReason({ parent, scope }: Operation, reasonAbove: string | undefined): string {
  if (parent === undefined) return scope.draining?.aborted ? 'shutdown' : 'requested'
  return parent.kind === 'start' || reasonAbove === 'start_failed' ? 'start_failed' : 'parent'
}
