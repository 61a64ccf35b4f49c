import { DEFAULT_JITTER, spread } from './apply-jitter.ts'
import type { TickerOptions } from './ticker.ts'
import type { Slot } from './wheel.ts'

/** Where beats wait until they are due, and whose clock they follow, in milliseconds. */
export interface Timetable {
  now(): number
  add(beat: Beat): void
  /** Does nothing for a beat that is not waiting. */
  remove(beat: Beat): void
}

const BUSY = 0
const READY = 1
const STOPPED = 2

/**
 * The rhythm behind every ticker. It is on the timetable only while somebody is ready for a tick: while a handler is
 * busy there is no timer, and a tick that falls due in the meantime is found by looking at the clock. So at most one is
 * pending, a ticker that nobody waits for costs nothing, and no promise is made for a tick.
 */
export class Beat {
  /** When the next tick is due, by the timetable's clock. */
  due: number
  // Where it is on the wheel, kept here so that waiting allocates nothing.
  slot: Slot | undefined = undefined
  place = 0
  readonly periodMs: number
  private readonly jitter: number
  private readonly timetable: Timetable
  private readonly tick: () => void
  private state = BUSY

  /** @param tick is called once for each `ready`, when a tick is taken; it must not throw. */
  constructor(options: TickerOptions, timetable: Timetable, tick: () => void) {
    const { periodMs, initialMs = 0, jitter = DEFAULT_JITTER } = options
    this.due = timetable.now() + initialMs
    this.periodMs = periodMs
    this.jitter = jitter
    this.timetable = timetable
    this.tick = tick
  }

  get isStopped(): boolean {
    return this.state === STOPPED
  }

  /** Says that a tick can be taken: the one that is pending, at once, or else the next. */
  ready(): void {
    if (this.state !== BUSY) return
    const now = this.timetable.now()
    if (now >= this.due) {
      this.take(now, now)
    } else {
      this.state = READY
      this.timetable.add(this)
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
    if (this.state === STOPPED) return
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
    this.state = BUSY
    // Counting from when it was due keeps the lateness of timers from adding up. After a longer hold-up, as of a blocked
    // event loop, a period counts from now, or the ticks that were missed would come in a burst.
    this.take(now - this.due <= this.periodMs / 8 ? this.due : now, now)
  }

  private take(from: number, now: number): void {
    this.plan(from, now)
    this.tick()
  }

  private plan(from: number, now: number): void {
    // At least 1 ms, as any timer: a jitter of 1 may draw no time at all.
    this.due = Math.max(from + spread(this.periodMs, this.jitter, Math.random()), now + 1)
  }
}
