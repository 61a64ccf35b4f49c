import { type HealthChange, isServiceError } from '@svc/core'

/** `absent`: not in the report. `inactive`: not started yet, or closed. */
export type HealthStatus = 'absent' | 'inactive' | 'healthy' | 'unhealthy'

export function statusOf(error: Error | null | undefined): HealthStatus {
  if (error === undefined) return 'absent'
  if (error === null) return 'healthy'
  const isQuiet = isServiceError(error, 'NOT_STARTED') && error.state !== 'StartFailed' && error.state !== 'StopFailed'
  return isQuiet ? 'inactive' : 'unhealthy'
}

/**
 * Tells a change of health from one of life cycle, which the spans of starts and closes tell: otherwise each start of a
 * program would begin with a red span for every service of it.
 */
export function isTransition({ previous, current }: HealthChange): boolean {
  return statusOf(previous) === 'unhealthy' || statusOf(current) === 'unhealthy'
}
