import type { Context, Span } from '@opentelemetry/api'
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
}

/** The spans that have not ended, by their operation. */
export interface LiveSpans {
  get(operation: Operation): LiveSpan | undefined
  set(operation: Operation, live: LiveSpan): void
  delete(operation: Operation): void
}

/**
 * Keeps each span on its operation, under a symbol of this exporter's own, so that it lives no longer than that. Entries
 * that come and go in a `WeakMap` cost half as much as the span itself, those in a `Map` a tenth of it.
 */
export function createLiveSpans(): LiveSpans {
  const key = Symbol('@svc/otel live span')
  type Keeper = { [key]?: LiveSpan | undefined }
  return {
    get: (operation) => (operation as Keeper)[key],
    set: (operation, live) => {
      const keeper = operation as Keeper
      keeper[key] = live
    },
    // What is set to nothing stays one shape; an operation that is kept as an origin then keeps no span.
    delete: (operation) => {
      const keeper = operation as Keeper
      keeper[key] = undefined
    },
  }
}
