import type { Logger, ServiceState } from '@svc/core'

/** The logger of a run of a service: one that throws must not keep a program from stopping. */
export function createRunLog(logger: Logger, service: string): RunLog {
  let state: ServiceState = 'Unstarted'
  const safe =
    (level: 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      try {
        logger[level]({ service, state, ...fields }, message)
      } catch {
        // There is nobody left to tell: the one who would be told is the one that failed.
      }
    }
  const enter = (next: ServiceState): void => {
    state = next
  }
  return { info: safe('info'), warn: safe('warn'), error: safe('error'), enter }
}

/** Each line has the name of the service and the state that it is in, or fields of its own for them. */
export interface RunLog extends Pick<Logger, 'info' | 'warn' | 'error'> {
  enter(state: ServiceState): void
}
