import type { Scope } from '@svc/core'
import { checkFunction, checkObject, checkScope, sharedOf } from '@svc/core/internal'
import { Alarm } from './alarm.ts'
import { Beat } from './beat.ts'
import { checkOptions } from './options.ts'
import type { Ticker, TickerOptions } from './ticker.ts'
import { Wheel } from './wheel.ts'

/** Ticks by callback, without a promise for each: what an engine drives its handlers with. */
export interface TickSource {
  /**
   * Says that a tick can be taken: at the beginning, and each time a handler has finished. One that is pending is
   * delivered before this returns, otherwise the next when it is due; twice is once.
   */
  ready(): void
  /** For good: no tick comes after it. Twice is harmless. */
  stop(): void
}

const WHEEL = Symbol.for('@svc/wheel@1')
/** Below it a slot of the wheel would be so narrow that nothing is gained. */
const SHORTEST_ON_WHEEL_MS = 100

/**
 * Makes ticks for a scope, on the wheel of its root when the period is 100 ms or more. Its timers do not keep the process alive.
 *
 * @param onTick is called once for each `ready`, and must not throw.
 */
export function createScopedTicker(scope: Scope, options: TickerOptions, onTick: () => void): TickSource {
  checkScope(scope, 'the scope')
  checkOptions(options)
  checkFunction(onTick, 'the tick function')
  const onWheel = options.periodMs >= SHORTEST_ON_WHEEL_MS
  return new Beat(options, onWheel ? sharedOf(scope, WHEEL, () => new Wheel()) : new Alarm(false), onTick)
}

/** Tells a ticker from the options of one. */
export function isTicker(value: unknown): value is Ticker {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Ticker>).next === 'function'
}

/**
 * Drives any ticker by callback, through its `next`. Stopping it stops the ticker.
 *
 * @param onTick is called once for each `ready`, and must not throw.
 * @param onEnd is called once when no tick will come any more though `stop` was not called: with `undefined` when the ticker was stopped by
 * someone else, or with what its `next` threw or rejected with.
 */
export function tickSourceOf(ticker: Ticker, onTick: () => void, onEnd: (error: unknown) => void): TickSource {
  checkObject(ticker, 'the ticker')
  checkFunction(ticker.next, 'the method "next" of the ticker')
  checkFunction(ticker.stop, 'the method "stop" of the ticker')
  checkFunction(onTick, 'the tick function')
  checkFunction(onEnd, 'the end function')
  let state: 'busy' | 'ready' | 'ended' = 'busy'
  function end(error: unknown): void {
    if (state === 'ended') return
    state = 'ended'
    onEnd(error)
  }
  async function wait(): Promise<void> {
    let ticked: boolean
    try {
      ticked = await ticker.next()
    } catch (error) {
      end(error)
      return
    }
    if (state === 'ended') return
    if (!ticked) {
      end(undefined)
      return
    }
    state = 'busy'
    onTick()
  }
  return {
    ready: () => {
      if (state !== 'busy') return
      state = 'ready'
      void wait()
    },
    stop: () => {
      state = 'ended'
      ticker.stop()
    },
  }
}
