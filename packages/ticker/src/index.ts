export { applyJitter, DEFAULT_JITTER } from './apply-jitter.ts'
export { createTicker } from './ticker.ts'
export type { Ticker, TickerOptions } from './ticker.ts'
