import { StopSource } from './source.ts'
import { STOP_REASON } from './stop-node.ts'
import { ChildMaker, type StopView } from './stop-view.ts'

/**
 * Cancellation with one origin and any number of children, that neither leaks nor gets lost.
 *
 * ```
 *          close(reason)
 *   open ───────────────▶ closed    its signal, then every child, oldest first, aborts with the reason
 * ```
 */
export interface StopChan extends StopView {
  /** Aborts `signal` and every child; later children have ended already. Twice is harmless (in Go it panics). */
  close(reason?: unknown): void
}

/**
 * Makes a stop chan. A child lives until it is ended or the chan closes; an ended child retains nothing; no abort is
 * lost to the garbage collector. Go: `make(StopChan)`.
 *
 * @example A worker that ends with its owner
 * ```ts
 * const stop = createStopChan()
 * using work = stop.child({ timeoutMs: 5_000 })
 * await fetch(url, { signal: work.signal })
 * ```
 */
export function createStopChan(): StopChan {
  return new Chan()
}

/** A stop chan that other classes can be: the engine is one. */
export class Chan extends ChildMaker implements StopChan {
  private controller: AbortController | undefined = undefined

  constructor() {
    super(new StopSource())
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController()
      if (this.source.isStopped) this.controller.abort(this.source.reason)
    }
    return this.controller.signal
  }

  /** What children that are more than contexts join. */
  get origin(): StopSource {
    return this.source
  }

  close(reason: unknown = STOP_REASON): void {
    if (this.source.isStopped) return
    this.source.stop(reason, this.controller)
    this.muteIdle()
  }
}
