import type { Logger } from './logger.ts'
import { rootOf, type Scope } from './scope.ts'

/** Logs each message once, through the logger of the first scope that it is given: an exporter has none of its own. */
export class OnceLog {
  private logger: Logger | undefined = undefined
  private readonly said = new Set<string>()
  private waiting: (() => void)[] = []

  use(scope: Scope): void {
    if (this.logger !== undefined) return
    this.logger = rootOf(scope).logger
    for (const say of this.waiting) say()
    this.waiting = []
  }

  once(level: 'warn' | 'error', fields: object, message: string): void {
    if (this.said.has(message)) return
    this.said.add(message)
    if (this.logger === undefined) this.waiting.push(() => this.write(level, fields, message))
    else this.write(level, fields, message)
  }

  private write(level: 'warn' | 'error', fields: object, message: string): void {
    try {
      this.logger?.[level](fields, message)
    } catch {
      // A logger that throws leaves nobody to tell, and must not cost the event or the reading.
    }
  }
}
