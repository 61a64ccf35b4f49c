export type { TickTaker } from './beat.ts'
export { createScopedTicker, isTicker, tickSourceOf } from './tick-source.ts'
export type { TickerTaker, TickSource } from './tick-source.ts'
