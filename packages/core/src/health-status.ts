import type { HealthChange } from './events.ts'
import { isServiceError } from './service-error.ts'

/** `absent`: not in the report. `inactive`: not started yet, or closed. */
export type HealthStatus = 'absent' | 'inactive' | 'healthy' | 'unhealthy'

export function healthStatus(error: Error | null | undefined): HealthStatus {
  if (error === undefined) return 'absent'
  if (error === null) return 'healthy'
  const isQuiet = isServiceError(error, 'NOT_STARTED') && error.state !== 'StartFailed' && error.state !== 'StopFailed'
  return isQuiet ? 'inactive' : 'unhealthy'
}

/**
 * Tells a change of health from one of life cycle, which the spans of starts and closes tell: otherwise each start of a
 * program would begin with a red span for every service of it.
 */
export function isHealthTransition({ previous, current }: HealthChange): boolean {
  return healthStatus(previous) === 'unhealthy' || healthStatus(current) === 'unhealthy'
}
