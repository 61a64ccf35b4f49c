import { checkName, checkObject, checkString } from './check.ts'
import type { ServiceState } from './service.ts'

/** What kind of refusal or failure a {@link ServiceError} is. */
export type ServiceErrorCode =
  | 'ALREADY_STARTED'
  | 'ALREADY_STOPPED'
  | 'CANNOT_STOP_UNSTARTED'
  | 'CANNOT_STOP'
  | 'NOT_STARTED'
  | 'START_FAILED'
  | 'TIMEOUT'
  | 'DUPLICATE_NAME'
  | 'DEADLOCK'

/** What had not ended when a deadline passed. */
export interface PendingWork {
  /** The full name of the service that it belongs to. */
  readonly service: string
  readonly kind: 'start' | 'close' | 'task' | 'tick' | 'lease'
  readonly label: string
  readonly ageMs: number
  /** Where it was started, when the root scope was made with `traceTasks`. */
  readonly startedBy: string | undefined
}

/** The fields of a {@link ServiceError} besides its message. */
export interface ServiceErrorOptions {
  readonly code: ServiceErrorCode
  readonly service: string
  readonly state?: ServiceState | undefined
  readonly pending?: readonly PendingWork[] | undefined
  readonly cause?: unknown
}

const NOTHING: readonly PendingWork[] = Object.freeze([])

/** The one error class of these packages. Tell kinds apart by `code`, copies of the package by {@link isServiceError}. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode
  /** The full name of the service. */
  readonly service: string
  /** The state that refused the call, where there is one. */
  readonly state: ServiceState | undefined
  /** What had not ended when a deadline passed; empty for every other code. */
  readonly pending: readonly PendingWork[]

  constructor(message: string, options: ServiceErrorOptions) {
    checkObject(options, 'the options')
    checkName(options.code, 'option "code"')
    checkString(options.service, 'option "service"')
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code
    this.service = options.service
    this.state = options.state
    this.pending = options.pending ?? NOTHING
  }
}
// On the prototype, so that an instance has no own `name` to be printed beside its other fields.
Object.defineProperty(ServiceError.prototype, 'name', { value: 'ServiceError', configurable: true, writable: true })
Object.defineProperty(ServiceError.prototype, Symbol.for('@svc/error@1'), { value: true })

/**
 * Tells whether a value is a {@link ServiceError}, of this installed copy of the package or of another, and of the
 * given code when one is given.
 */
export function isServiceError<C extends ServiceErrorCode = ServiceErrorCode>(
  value: unknown,
  code?: C,
): value is ServiceError & { code: C } {
  if (typeof value !== 'object' || value === null) return false
  const candidate = value as { [key: symbol]: unknown; code?: unknown }
  try {
    return candidate[Symbol.for('@svc/error@1')] === true && (code === undefined || candidate.code === code)
  } catch {
    // A proxy that refuses is none of ours.
    return false
  }
}
