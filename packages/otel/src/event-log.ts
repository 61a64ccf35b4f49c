import * as api from '@opentelemetry/api'
import type { Attributes, Context, HrTime } from '@opentelemetry/api'
import { NAME, VERSION } from './version.ts'

export type Severity = 'INFO' | 'WARN' | 'ERROR'

/** Writes log records through the global Logs API. */
export interface EventLog {
  /** Gives back false, and writes nothing, where there is no Logs API (1.9) or nobody who takes the record. */
  write(eventName: string, time: HrTime, severity: Severity, context: Context, attributes: Attributes): boolean
}

export function createEventLog(): EventLog {
  // Named imports of these would not load under 1.9.
  const { logs, SeverityNumber } = api as Partial<typeof api>
  const logger = logs?.getLogger(NAME, VERSION)
  return {
    write: (eventName, timestamp, severity, context, attributes) => {
      const severityNumber = SeverityNumber?.[severity]
      if (logger === undefined || severityNumber === undefined) return false
      if (!logger.enabled({ context, severityNumber, eventName })) return false
      logger.emit({ eventName, timestamp, severityNumber, context, attributes })
      return true
    },
  }
}
