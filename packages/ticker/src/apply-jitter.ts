import { checkDuration } from '@svc/core/internal'
import { checkJitter } from './options.ts'

/** Plus or minus 10 %. Go: `DefaultJitter`. */
export const DEFAULT_JITTER = 0.1

/**
 * Spreads a duration at random, evenly between `durationMs * (1 - jitter)` and `durationMs * (1 + jitter)`. A duration of
 * 0 stays 0, and a jitter of 0 is exact. Go: `JitterPct.Apply`.
 *
 * @param durationMs finite, 0 or more.
 * @param jitter between 0 and 1.
 * @throws TypeError or RangeError for anything else.
 * @example
 * ```ts
 * await sleep(applyJitter(1000, 0.2)) // 800 to 1200 ms
 * ```
 */
export function applyJitter(durationMs: number, jitter: number): number {
  checkDuration(durationMs, 'the duration')
  checkJitter(jitter, 'the jitter')
  return spread(durationMs, jitter, Math.random())
}

/** @param draw where in the range, from 0 to below 1. */
export function spread(durationMs: number, jitter: number, draw: number): number {
  const least = durationMs * (1 - jitter)
  const most = Math.min(durationMs * (1 + jitter), Number.MAX_VALUE)
  return least + (most - least) * draw
}
