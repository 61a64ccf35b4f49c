import type { Aggregator } from '@svc/core/internal'
import type { Sink } from './sink.ts'

/** One metric: what it is called, and where its values come from. */
export interface Row {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly aggregator: Aggregator
  /** The same value means the same series; without it each scrape has other ones. */
  readonly revision?: () => number | string
  collect(sink: Sink, column: Column): void
  /** Sets counts back to zero, as a registry's `resetMetrics` asks for. A fact has none. */
  readonly reset?: () => void
}

/** A row with its place in the table. */
export interface Column extends Row {
  readonly index: number
}
