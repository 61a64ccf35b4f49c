import { emit, type Scope } from '@svc/core'
import { now, RingBuffer } from '@svc/core/internal'

/** How many errors are kept from a start on. Go: `defaultErrorBufferCap`. */
export const STARTED_CAP = 50

/** Is told of changes. `touch` comes after each change of what health shows. */
export interface Watcher {
  touch(): void
  /** A transition has ended, well or not. */
  settled(): void
}

/** An error buffer that tells exporters what goes in and what comes out. */
export class ObservedBuffer extends RingBuffer {
  private readonly scope: Scope
  private readonly watcher: Watcher

  constructor(scope: Scope, cap: number, watcher: Watcher) {
    super(cap)
    this.scope = scope
    this.watcher = watcher
  }

  protected override keep(error: Error): void {
    const before = this.droppedSoFar
    super.keep(error)
    this.watcher.touch()
    const { scope } = this
    if (scope.exporters.length > 0) emit(scope, { type: 'error', scope, error, dropped: this.droppedSoFar - before })
  }

  override take(): { errors: readonly Error[]; dropped: number } {
    const taken = super.take()
    if (taken.errors.length > 0 || taken.dropped > 0) this.watcher.touch()
    const { scope } = this
    if (scope.exporters.length > 0) emit(scope, { type: 'flush', scope, ...taken, at: now() })
    return taken
  }
}
