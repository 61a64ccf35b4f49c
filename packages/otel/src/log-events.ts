import type { Context } from '@opentelemetry/api'
import type { HealthChange, ServiceEvent } from '@svc/core'
import { cut, errorText, healthStatus, isHealthTransition, NAME_LIMIT } from '@svc/core/internal'
import type { EventLog } from './event-log.ts'
import { divide } from './divide.ts'
import { toHrTime } from './time.ts'

/** Writes a change of state as a log record. */
export function logState(log: EventLog, event: Extract<ServiceEvent, { type: 'state' }>, context: Context): void {
  const { scope, previous, state, at } = event
  const severity = state === 'StartFailed' || state === 'StopFailed' ? 'ERROR' : 'INFO'
  log.write('svc.state.change', toHrTime(at), severity, context, {
    'svc.name': cut(scope.name, NAME_LIMIT),
    'svc.id': cut(scope.id, NAME_LIMIT),
    'svc.state': state,
    'svc.previous_state': previous,
  })
}

/** The most records of one poll: the queue of a batch processor holds 2,048. */
const MOST_CHANGES = 500

/** Writes each change of health that a poll found as a log record. */
export function logHealth(log: EventLog, event: Extract<ServiceEvent, { type: 'health' }>, context: Context): void {
  const time = toHrTime(event.endedAt)
  const [written] = divide(event.changes.filter(isHealthTransition), MOST_CHANGES)
  for (const change of written) logChange(log, change, time, context)
}

function logChange(
  log: EventLog,
  { name, previous, current }: HealthChange,
  time: [number, number],
  context: Context,
): void {
  const status = healthStatus(current)
  log.write('svc.health.change', time, status === 'unhealthy' ? 'WARN' : 'INFO', context, {
    'svc.id': cut(name, NAME_LIMIT),
    'svc.health.status': status,
    'svc.health.previous_status': healthStatus(previous),
    ...(current == null ? {} : { 'exception.message': errorText(current).message }),
  })
}
