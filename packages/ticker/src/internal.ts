export { createScopedTicker, isTicker, tickSourceOf } from './tick-source.ts'
export type { TickSource } from './tick-source.ts'
