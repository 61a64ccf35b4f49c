import { ServiceError, type ServiceState } from '@svc/core'
import { show } from '@svc/core/internal'

/** The refusals of a life cycle: each names the service, by its full name, and the state that it was found in. */

export function notStarted(service: string, state: ServiceState): ServiceError {
  return new ServiceError(`Cannot use ${show(service)}: it is ${state}, not Started`, {
    code: 'NOT_STARTED',
    service,
    state,
  })
}

export function alreadyStarted(service: string, state: ServiceState): ServiceError {
  return new ServiceError(`Cannot start ${show(service)}: it has been started once already and is ${state}`, {
    code: 'ALREADY_STARTED',
    service,
    state,
  })
}

export function alreadyStopped(service: string, state: ServiceState): ServiceError {
  return new ServiceError(`Cannot use ${show(service)}: it is ${state}, and is not started again`, {
    code: 'ALREADY_STOPPED',
    service,
    state,
  })
}

/** Why a stop that finds this state does nothing; `undefined` for `Started`, the one that it may leave. */
export function cannotStop(service: string, state: ServiceState): ServiceError | undefined {
  switch (state) {
    case 'Started':
      return undefined
    case 'Stopped':
      return new ServiceError(`Cannot stop ${show(service)}: it has been stopped already`, {
        code: 'ALREADY_STOPPED',
        service,
        state,
      })
    case 'Unstarted':
      return new ServiceError(`Cannot stop ${show(service)}: it has not been started`, {
        code: 'CANNOT_STOP_UNSTARTED',
        service,
        state,
      })
    case 'Starting':
    case 'StartFailed':
    case 'Stopping':
    case 'StopFailed':
      return new ServiceError(`Cannot stop ${show(service)}: it is ${state}`, { code: 'CANNOT_STOP', service, state })
  }
}

export function deadlock(service: string, state: ServiceState, verb: string): ServiceError {
  return new ServiceError(
    `Cannot ${verb} ${show(service)}: the call comes from inside a function that it would wait for (its own start, close or guarded function, or one below it)`,
    { code: 'DEADLOCK', service, state },
  )
}
