import type { Exporter } from './events.ts'
import { type Logger, namedLogger, SILENT } from './logger.ts'
import { childId, rootOf, type Scope, sharedOf } from './scope.ts'

const NEVER = Symbol.for('@svc/neverDraining@1')
const NO_EXPORTERS: readonly Exporter[] = Object.freeze([])

/** A scope under another one, or alone. Thousands of them live: what is not asked for is not made. */
export class ChildScope implements Scope {
  readonly name: string
  readonly parent: Scope | undefined
  readonly exporters: readonly Exporter[]
  private fullName: string | undefined = undefined
  private named: Logger | undefined = undefined

  constructor(name: string, parent: Scope | undefined) {
    this.name = name
    this.parent = parent
    this.exporters = parent === undefined ? NO_EXPORTERS : parent.exporters
  }

  get id(): string {
    return (this.fullName ??= childId(this.parent, this.name))
  }

  get logger(): Logger {
    return (this.named ??= this.makeLogger())
  }

  private makeLogger(): Logger {
    const logger = this.parent?.logger ?? SILENT
    return logger === SILENT ? SILENT : namedLogger(logger, this.id)
  }

  get draining(): AbortSignal {
    const root = rootOf(this)
    // A tree without a root scope is never told to drain.
    return root instanceof ChildScope ? sharedOf(root, NEVER, () => new AbortController().signal) : root.draining
  }
}
