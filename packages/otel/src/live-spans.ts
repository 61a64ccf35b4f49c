import type { Context, Span, SpanContext } from '@opentelemetry/api'
import type { Operation } from '@svc/core'

/** The span of an operation that has not ended. */
export interface LiveSpan {
  readonly span: Span
  readonly context: Context
  /** Why a close closes. */
  readonly reason: string | undefined
  subServices: number
  /** The errors that spans below have recorded. */
  told: Set<unknown> | undefined
  /** The deadlines that spans below have recorded as passed. */
  late: Set<unknown> | undefined
}

/** The spans that have not ended, by their operation, and the names of those that have. */
export interface LiveSpans {
  get(operation: Operation): LiveSpan | undefined
  /** Names the span of an operation, also after its end. */
  nameOf(operation: Operation): SpanContext | undefined
  set(operation: Operation, live: LiveSpan): void
  delete(operation: Operation): void
}

/**
 * Keeps each span on its operation, under a symbol of this exporter's own, so that it lives no longer than that. Entries
 * that come and go in a `WeakMap` cost half as much as the span itself, those in a `Map` a tenth of it. What names the
 * span stays there when it has ended.
 */
export function createLiveSpans(): LiveSpans {
  const key = Symbol('@svc/otel live span')
  const nameKey = Symbol('@svc/otel span context')
  type Keeper = { [key]?: LiveSpan | undefined; [nameKey]?: SpanContext }
  return {
    get: (operation) => (operation as Keeper)[key],
    nameOf: (operation) => (operation as Keeper)[nameKey],
    set: (operation, live) => {
      const keeper = operation as Keeper
      keeper[key] = live
      keeper[nameKey] = live.span.spanContext()
    },
    // What is set to nothing stays one shape; an operation that is kept as an origin then keeps no span.
    delete: (operation) => {
      const keeper = operation as Keeper
      keeper[key] = undefined
    },
  }
}
