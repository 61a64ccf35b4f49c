import type { Logger, Scope } from '@svc/core'
import { rootOf } from '@svc/core/internal'

/** Logs each message once, through the logger of the first scope that is seen: an exporter has none of its own. */
export interface OnceLog {
  use(scope: Scope): void
  once(level: 'warn' | 'error', fields: object, message: string): void
}

export function createOnceLog(): OnceLog {
  const said = new Set<string>()
  let logger: Logger | undefined
  return {
    use: (scope) => {
      logger ??= rootOf(scope).logger
    },
    once: (level, fields, message) => {
      if (logger === undefined || said.has(message)) return
      said.add(message)
      try {
        logger[level](fields, message)
      } catch {
        // A logger that throws leaves nobody to tell, and must not cost the event or the collection.
      }
    },
  }
}
