import { checkSignal } from '@svc/core/internal'
import { Alarm } from './alarm.ts'
import { Beat, type TickTaker } from './beat.ts'
import { checkOptions } from './options.ts'

/** Options of {@link createTicker}. */
export interface TickerOptions {
  /** Milliseconds from one tick taken to the next tick due: above 0, of any length. */
  readonly periodMs: number
  /** Milliseconds before the first tick, which are not jittered; 0 by default: the first tick comes at once. */
  readonly initialMs?: number | undefined
  /** By how much each period is spread, anew each time, from 0 (exact) to 1; 0.1 by default: plus or minus 10 %. */
  readonly jitter?: number | undefined
}

/**
 * Ticks that never overlap, since each is taken by whoever waits for it.
 *
 * A period starts when a tick is taken, so it runs beside what is done with it. One that ends before `next` is called
 * again leaves exactly one pending tick: a handler of 250 ms with a period of 100 ms is served at 0, 250 and 500.
 */
export interface Ticker extends Disposable {
  /**
   * Waits for a tick. Resolves to `true` when there is one, or to `false` when the ticker is or gets stopped, or the
   * signal is or gets aborted; an abort takes no tick away. It never rejects. Several calls at once get a tick each, in
   * the order of the calls.
   *
   * While somebody waits, the process stays alive; otherwise there is no timer at all.
   *
   * @throws TypeError for a signal that is none.
   */
  next(signal?: AbortSignal): Promise<boolean>
  /** Drops a pending tick, or what is left of the initial delay, and begins a full period. Does nothing after a stop. */
  reset(): void
  /** Ends it for good, and everyone's waiting. Twice is harmless. */
  stop(): void
  /** The same as `stop`. */
  [Symbol.dispose](): void
}

/**
 * Makes a ticker. Go: `NewTicker`, `TickerConfig.NewTicker`.
 *
 * @throws TypeError or RangeError for wrong options.
 * @example
 * ```ts
 * const ticker = createTicker({ periodMs: 60_000 })
 * while (await ticker.next(signal)) await refresh(signal)
 * ```
 */
export function createTicker(options: TickerOptions): Ticker {
  checkOptions(options)
  return new PromiseTicker(options)
}

/** Who waits, in the order of the calls. */
class Queue implements TickTaker {
  readonly beat: Beat
  private waiting: Set<(ticked: boolean) => void> | undefined = undefined

  constructor(options: TickerOptions) {
    this.beat = new Beat(options, new Alarm(true), this)
  }

  join(end: (ticked: boolean) => void): void {
    this.waiting ??= new Set()
    this.waiting.add(end)
    this.beat.ready()
  }

  leave(end: (ticked: boolean) => void): void {
    this.waiting?.delete(end)
    if (this.waiting?.size === 0) this.beat.notReady()
  }

  onTick(): void {
    const waiting = this.waiting as Set<(ticked: boolean) => void>
    const [first] = waiting
    if (first === undefined) return
    waiting.delete(first)
    first(true)
    if (waiting.size > 0) this.beat.ready()
  }

  stop(): void {
    this.beat.stop()
    const { waiting } = this
    this.waiting = undefined
    for (const end of waiting ?? []) end(false)
  }
}

class PromiseTicker implements Ticker {
  private readonly queue: Queue

  constructor(options: TickerOptions) {
    this.queue = new Queue(options)
  }

  next(signal?: AbortSignal): Promise<boolean> {
    checkSignal(signal)
    const { queue } = this
    if (queue.beat.isStopped || signal?.aborted === true) return Promise.resolve(false)
    return new Promise((resolve) => {
      function end(ticked: boolean): void {
        signal?.removeEventListener('abort', abort)
        resolve(ticked)
      }
      function abort(): void {
        queue.leave(end)
        end(false)
      }
      signal?.addEventListener('abort', abort)
      queue.join(end)
    })
  }

  reset(): void {
    this.queue.beat.reset()
  }

  stop(): void {
    this.queue.stop()
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}
