import type { Logger } from '@svc/core'

/** The logger of a run: one that throws must not keep a program from stopping. */
export function createRunLog(logger: Logger): RunLog {
  const safe =
    (level: 'info' | 'warn' | 'error') =>
    (fields: object, message: string): void => {
      try {
        logger[level](fields, message)
      } catch {
        // There is nobody left to tell: the one who would be told is the one that failed.
      }
    }
  return { info: safe('info'), warn: safe('warn'), error: safe('error') }
}

export type RunLog = Pick<Logger, 'info' | 'warn' | 'error'>
