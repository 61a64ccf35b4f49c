import { type Link, Ring } from './ring.ts'

/** Where a stop comes from: links join it and are stopped by it, once. */
export class StopSource {
  protected members: Ring | undefined = undefined
  protected stopped = false
  protected stoppedBy: unknown = undefined

  get isStopped(): boolean {
    return this.stopped
  }

  get reason(): unknown {
    return this.stoppedBy
  }

  link(link: Link): void {
    this.members ??= new Ring()
    this.members.append(link)
  }

  /** A member has left by itself. */
  released(): void {}

  forEach(fn: (link: Link) => void): void {
    this.members?.forEach(fn)
  }

  /**
   * Sets state and reason before anyone hears of it; a second stop does nothing.
   *
   * @param own the controller of the source's own signal, which is the eldest and hears of it first.
   */
  stop(reason: unknown, own?: AbortController): void {
    if (this.stopped) return
    this.stopped = true
    this.stoppedBy = reason
    own?.abort(reason)
    this.members?.stopAll(reason)
    this.members = undefined
  }
}

/** What keeps at most one bridge that nobody uses, since putting a listener on and off costs four times as much as keeping it. */
export interface IdleKeeper {
  idled(bridge: ForeignSource): void
  /** The bridge's signal has aborted: it will never be used again. */
  spent(bridge: ForeignSource): void
}

/** A bridge from a signal that is not ours: one listener while it has members, however many. */
export class ForeignSource extends StopSource {
  readonly signal: AbortSignal
  private readonly keeper: IdleKeeper | undefined
  private listening = false

  constructor(signal: AbortSignal, keeper?: IdleKeeper) {
    super()
    this.signal = signal
    this.keeper = keeper
  }

  override get isStopped(): boolean {
    return this.signal.aborted
  }

  override get reason(): unknown {
    return this.signal.reason as unknown
  }

  override link(link: Link): void {
    super.link(link)
    if (this.listening) return
    this.listening = true
    this.signal.addEventListener('abort', this)
  }

  override released(): void {
    if (!this.listening || this.members?.isEmpty === false) return
    if (this.keeper === undefined) this.mute()
    else this.keeper.idled(this)
  }

  get isIdle(): boolean {
    return this.members === undefined || this.members.isEmpty
  }

  /** Takes the listener away. */
  mute(): void {
    this.listening = false
    this.signal.removeEventListener('abort', this)
  }

  handleEvent(): void {
    this.mute()
    this.keeper?.spent(this)
    this.stop(this.signal.reason)
  }
}
