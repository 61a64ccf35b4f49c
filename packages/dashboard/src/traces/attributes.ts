import type { Span } from './model.ts'

export type AttributeValue = string | number | boolean | readonly string[]

/** What is known of a span, under the names that `@svc/otel` gives it. */
export function attributesOf(span: Span): Readonly<Record<string, AttributeValue>> {
  const { kind, name, service, state, task, facts = {}, failure } = span
  const attributes: Record<string, AttributeValue> = { 'svc.operation': kind }
  const set = (key: string, value: AttributeValue | undefined): void => {
    if (value !== undefined) attributes[key] = value
  }
  set('svc.name', name || undefined)
  set('svc.id', service || undefined)
  set('svc.state', state)
  if (kind === 'task' || kind === 'tick') set('svc.task.name', task)
  set('svc.tick.seq', facts.tick)
  if (kind === 'start') set('svc.subservice.count', facts.subServices ?? 0)
  set('svc.uptime', facts.uptimeMs === undefined ? undefined : facts.uptimeMs / 1000)
  set('svc.close.reason', facts.closeReason)
  set('svc.task.pending', facts.pending)
  if (kind === 'drain' && span.endedAt !== undefined) set('svc.drain.delay', (span.endedAt - span.startedAt) / 1000)
  set('svc.health.checked', facts.checked)
  set('svc.health.unhealthy', facts.unhealthy)
  if (kind === 'health check' && span.leftOut > 0) set('svc.health.left_out', span.leftOut)
  set('svc.health.status', facts.status)
  set('svc.health.previous_status', facts.previousStatus)
  set('svc.health.condition', facts.conditions)
  set('svc.error.count', facts.errorCount ?? (failure !== undefined && failure.count > 10 ? failure.count : undefined))
  set('svc.error.dropped', facts.dropped)
  return attributes
}
