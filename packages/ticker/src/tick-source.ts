import type { Scope } from '@svc/core'
import { checkFunction, checkObject, checkScope, sharedOf } from '@svc/core/internal'
import { Alarm } from './alarm.ts'
import { Beat, type TickTaker } from './beat.ts'
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
 * Makes ticks for a scope, on the wheel of its root when the period is 100 ms or more. What ticks in the background is
 * not what a program lives by: its timers do not keep the process alive.
 *
 * @throws TypeError or RangeError for a wrong argument.
 */
export function createScopedTicker(scope: Scope, options: TickerOptions, taker: TickTaker): TickSource {
  checkScope(scope, 'the scope')
  checkOptions(options)
  checkTaker(taker)
  const onWheel = options.periodMs >= SHORTEST_ON_WHEEL_MS
  return new Beat(options, onWheel ? sharedOf(scope, WHEEL, () => new Wheel()) : new Alarm(false), taker)
}

/** Tells a ticker from the options of one. */
export function isTicker(value: unknown): value is Ticker {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Ticker>).next === 'function'
}

/** Who takes the ticks of a ticker made by somebody else. */
export interface TickerTaker extends TickTaker {
  /**
   * Is called once when no tick will come any more though `stop` was not called here: with `undefined` when the ticker
   * was stopped by someone else, or with what its `next` threw or rejected with.
   */
  onEnd(error: unknown): void
}

/**
 * Drives any ticker by callback, through its `next`. Stopping it stops the ticker.
 *
 * @throws TypeError for a wrong argument.
 */
export function tickSourceOf(ticker: Ticker, taker: TickerTaker): TickSource {
  checkObject(ticker, 'the ticker')
  checkFunction(ticker.next, 'the method "next" of the ticker')
  checkFunction(ticker.stop, 'the method "stop" of the ticker')
  checkTaker(taker)
  checkFunction(taker.onEnd, 'the method "onEnd" of the taker')
  let state: 'busy' | 'ready' | 'ended' = 'busy'
  function end(error: unknown): void {
    if (state === 'ended') return
    state = 'ended'
    taker.onEnd(error)
  }
  async function wait(): Promise<void> {
    let ticked: boolean
    try {
      ticked = await ticker.next()
    } catch (error) {
      end(error)
      return
    }
    if (!ticked) end(undefined)
    if (state === 'ended') return
    state = 'busy'
    taker.onTick()
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

function checkTaker(taker: TickTaker): void {
  checkObject(taker, 'the taker')
  checkFunction(taker.onTick, 'the method "onTick" of the taker')
}
