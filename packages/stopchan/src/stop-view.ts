import { checkDuration, checkFunction, checkObject, checkRequiredSignal, checkSignal } from '@svc/core/internal'
import { Link } from './ring.ts'
import { ForeignSource, type IdleKeeper, type StopSource } from './source.ts'
import { sharedNodeOf, type StopContext, StopNode } from './stop-node.ts'

/** How a child is limited besides its source. */
export interface ChildOptions {
  /** Ends the child as well. */
  readonly signal?: AbortSignal | undefined
  /** Ends the child after this time, with a `ServiceError` `TIMEOUT` as the reason. */
  readonly timeoutMs?: number | undefined
}

/** What can be derived from something that stops once. */
export interface StopView {
  readonly signal: AbortSignal
  /**
   * Makes a context that ends with this one, when it is ended itself, when the given signal aborts, or after the time.
   * End it (`using`, `cancel`) when its work is done. Once this has stopped it gives a child that has ended already.
   */
  child(options?: ChildOptions): StopContext
  /** Makes this one's stop abort a controller of yours, and gives it back unmodified. Go: `CtxCancel`. */
  bind(controller: AbortController): AbortController
}

/**
 * Derives a view from any signal, for code that may cancel its own work but not the source. Go: `StopRChan`.
 *
 * @throws TypeError unless given an `AbortSignal`.
 */
export function stopView(signal: AbortSignal): StopView {
  checkRequiredSignal(signal, 'the signal')
  return new View(sourceOf(signal), signal)
}

/** The source behind a signal: a node of ours, or a bridge. */
export function sourceOf(signal: AbortSignal, keeper?: IdleKeeper): StopSource {
  return sharedNodeOf(signal)?.asSource() ?? new ForeignSource(signal, keeper)
}

/** Makes children of a source, with at most one idle listener on signals that are not ours. */
export class ChildMaker implements IdleKeeper {
  protected readonly source: StopSource
  private bridges: Map<AbortSignal, ForeignSource> | undefined = undefined
  private idle: ForeignSource | undefined = undefined

  constructor(source: StopSource) {
    this.source = source
  }

  child(options?: ChildOptions): StopContext {
    const node = new StopNode(this.source)
    return options === undefined ? node : this.limited(node, options)
  }

  bind(controller: AbortController): AbortController {
    checkObject(controller, 'the controller')
    checkFunction(controller.abort, 'the method "abort" of the controller')
    checkRequiredSignal(controller.signal, 'the signal of the controller')
    if (controller.signal.aborted) return controller
    if (this.source.isStopped) controller.abort(this.source.reason)
    else new Binding(this.source, controller).begin()
    return controller
  }

  /** Adds to a node what the options ask for. */
  limited<N extends StopNode>(node: N, options: ChildOptions): N {
    checkObject(options, 'the options')
    const { signal, timeoutMs } = options
    checkSignal(signal, 'option "signal"')
    if (timeoutMs !== undefined) checkDuration(timeoutMs, 'option "timeoutMs"')
    if (signal !== undefined && !node.hasEnded) node.follow(this.bridge(signal))
    if (timeoutMs !== undefined && !node.hasEnded) node.limit(timeoutMs)
    return node
  }

  idled(bridge: ForeignSource): void {
    if (this.idle === bridge) return
    const { idle } = this
    this.idle = bridge
    if (idle?.isIdle !== true) return
    idle.mute()
    this.bridges?.delete(idle.signal)
  }

  spent(bridge: ForeignSource): void {
    if (this.idle === bridge) this.idle = undefined
    this.bridges?.delete(bridge.signal)
  }

  /** Takes the last idle listener away, for a source that is done with. */
  muteIdle(): void {
    if (this.idle?.isIdle === true) this.idle.mute()
    this.idle = undefined
    this.bridges = undefined
  }

  private bridge(signal: AbortSignal): StopSource {
    const known = this.bridges?.get(signal)
    if (known !== undefined) return known
    const source = sourceOf(signal, this)
    if (source instanceof ForeignSource && !source.isStopped) (this.bridges ??= new Map()).set(signal, source)
    return source
  }
}

/** Nobody closes a view, so it keeps no idle listener that nobody would take away. */
class View extends ChildMaker implements StopView {
  readonly signal: AbortSignal

  constructor(source: StopSource, signal: AbortSignal) {
    super(source)
    this.signal = signal
  }

  override idled(bridge: ForeignSource): void {
    bridge.mute()
    this.spent(bridge)
  }
}

/** A controller of the user's among the members. It leaves when it is aborted from elsewhere. */
class Binding extends Link {
  private readonly source: StopSource
  private readonly controller: AbortController

  constructor(source: StopSource, controller: AbortController) {
    super()
    this.source = source
    this.controller = controller
  }

  begin(): void {
    this.controller.signal.addEventListener('abort', this)
    this.source.link(this)
  }

  handleEvent(): void {
    this.controller.signal.removeEventListener('abort', this)
    this.unlink()
    this.source.released()
  }

  override stop(reason: unknown): void {
    this.controller.signal.removeEventListener('abort', this)
    try {
      this.controller.abort(reason)
    } catch (error) {
      // As an abort listener that throws: heard of by the process, and not at the cost of those behind it.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
