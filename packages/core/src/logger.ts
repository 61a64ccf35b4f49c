import { checkFunction, checkObject } from './check.ts'

/** One log function; fits pino and console. */
export type Log = (fields: object, message: string) => void

/** What logs. Lifecycle lines carry `service` (the full name) and `state`. */
export interface Logger {
  debug: Log
  info: Log
  warn: Log
  error: Log
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

function nothing(): void {}

/** Drops everything; its identity lets a caller skip making a line. */
export const SILENT: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing })

export function checkLogger(logger: Logger, what = 'option "logger"'): void {
  checkObject(logger, what)
  for (const level of LEVELS) checkFunction(logger[level], `the method "${level}" of ${what}`)
}

/** Adds the service's name to each line of another logger. One that throws must not fail a start or a close. */
export class NamedLogger implements Logger {
  private readonly base: Logger
  private readonly service: string

  constructor(base: Logger, service: string) {
    this.base = base instanceof NamedLogger ? base.base : base
    this.service = service
  }

  debug(fields: object, message: string): void {
    this.log('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.log('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.log('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.log('error', fields, message)
  }

  private log(level: (typeof LEVELS)[number], fields: object, message: string): void {
    try {
      this.base[level]({ service: this.service, ...fields }, message)
    } catch {
      // There is nobody left to tell: the one who would be told is the one that failed.
    }
  }
}

/** The logger of a scope under a parent: named by the full name, or silent as the parent is. */
export function namedLogger(parent: Logger, service: string): Logger {
  return parent === SILENT ? SILENT : new NamedLogger(parent, service)
}
