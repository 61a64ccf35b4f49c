import type { ServiceState } from '@svc/core'

/** How each state is drawn; the numbers are those of `svc_state_code`. */
export const STATES: Readonly<Record<ServiceState, { readonly code: number; readonly color: string }>> = {
  Unstarted: { code: 0, color: 'super-light-blue' },
  Started: { code: 1, color: 'green' },
  Starting: { code: 2, color: 'blue' },
  StartFailed: { code: 3, color: 'red' },
  Stopping: { code: 4, color: 'yellow' },
  Stopped: { code: 5, color: 'purple' },
  StopFailed: { code: 6, color: 'dark-orange' },
}
