import { DEFAULT_JITTER, spread } from './apply-jitter.ts'
import type { TickerOptions } from './ticker.ts'
import type { Slot } from './wheel.ts'

/** Who takes ticks. An object, since a closure for each of thousands of tickers costs time as well as memory. */
export interface TickTaker {
  /**
   * Is called once for each `ready`; it must not throw. It is told when the tick was due, by `performance.now()`, where
   * that is known.
   */
  onTick(due?: number): void
}

/** Where beats wait until they are due, and whose clock they follow, in milliseconds. */
export interface Timetable {
  now(): number
  add(beat: Beat): void
  /** Does nothing for a beat that is not waiting. */
  remove(beat: Beat): void
}

const BUSY = 0
const READY = 1
const RINGING = 2
const STOPPED = 3

/**
 * The rhythm behind every ticker. It is on the timetable only while somebody is ready for a tick: while a handler is
 * busy there is no timer, and a tick that falls due in the meantime is found by looking at the clock. So at most one is
 * pending, a ticker that nobody waits for costs nothing, and no promise is made for a tick.
 */
export class Beat {
  /** When the next tick is due, by the timetable's clock. */
  due: number
  // The wheel's links, kept here so that waiting allocates nothing.
  slot: Slot | undefined = undefined
  previous: Beat | undefined = undefined
  next: Beat | undefined = undefined
  readonly periodMs: number
  /** `undefined` is the default: a fraction of its own would be one more piece of memory to fetch at each tick. */
  private readonly jitter: number | undefined
  private readonly timetable: Timetable
  private readonly taker: TickTaker
  private state = BUSY

  constructor(options: TickerOptions, timetable: Timetable, taker: TickTaker) {
    const { periodMs, initialMs = 0, jitter } = options
    this.due = timetable.now() + initialMs
    this.periodMs = periodMs
    this.jitter = jitter
    this.timetable = timetable
    this.taker = taker
  }

  get isStopped(): boolean {
    return this.state === STOPPED
  }

  /** Says that a tick can be taken: the one that is pending, at once, or else the next. */
  ready(): void {
    if (this.state === RINGING) {
      // From inside the handler: even an overdue tick comes by the timetable, or one slower than the period would never
      // let go of the stack.
      this.wait()
    } else if (this.state === BUSY) {
      const now = this.timetable.now()
      if (now >= this.due) this.take(now, now)
      else this.wait()
    }
  }

  /** Takes a `ready` back. */
  notReady(): void {
    if (this.state !== READY) return
    this.state = BUSY
    this.timetable.remove(this)
  }

  /** Drops the pending tick, or what is left of the delay, and begins a full period. */
  reset(): void {
    const wasReady = this.state === READY
    this.notReady()
    const now = this.timetable.now()
    this.plan(now, now)
    if (wasReady) this.ready()
  }

  stop(): void {
    this.notReady()
    this.state = STOPPED
  }

  /** Called by the timetable, which has taken it off, when it is due and somebody is ready. */
  ring(now: number): void {
    // Counting from when it was due keeps the lateness of timers from adding up. After a longer hold-up, as of a blocked
    // event loop, a period counts from now, or the ticks that were missed would come in a burst.
    this.take(now - this.due <= this.periodMs / 4 ? this.due : now, now)
  }

  private wait(): void {
    this.state = READY
    this.timetable.add(this)
  }

  private take(from: number, now: number): void {
    const { due } = this
    this.state = RINGING
    this.plan(from, now)
    this.taker.onTick(due)
    if (this.state === RINGING) this.state = BUSY
  }

  private plan(from: number, now: number): void {
    // At least 1 ms, as any timer: a jitter of 1 may draw no time at all.
    this.due = Math.max(from + spread(this.periodMs, this.jitter ?? DEFAULT_JITTER, Math.random()), now + 1)
  }
}
