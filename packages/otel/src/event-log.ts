import * as api from '@opentelemetry/api'
import type { Attributes, Context, HrTime } from '@opentelemetry/api'
import { NAME, VERSION } from './version.ts'

/** OpenTelemetry's severity numbers; its enum came with API 1.10. */
export const INFO = 9
export const WARN = 13
export const ERROR = 17

/** Writes log records through the global Logs API. */
export interface EventLog {
  /** Gives back false, and writes nothing, where there is no Logs API (1.9) or nobody who takes the record. */
  write(eventName: string, time: HrTime, severity: number, context: Context, attributes: Attributes): boolean
}

export function createEventLog(): EventLog {
  let logger: ReturnType<(typeof api)['logs']['getLogger']> | undefined
  return {
    write: (eventName, timestamp, severityNumber, context, attributes) => {
      // A named import of `logs` would not load under 1.9.
      logger ??= (api as Partial<typeof api>).logs?.getLogger(NAME, VERSION)
      if (logger === undefined || !logger.enabled({ context, severityNumber, eventName })) return false
      logger.emit({ eventName, timestamp, severityNumber, context, attributes })
      return true
    },
  }
}
