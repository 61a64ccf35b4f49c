import type { Operation } from '@svc/core'
import type { Span } from './model.ts'

/** The span of an operation that has not ended. */
export interface LiveSpan {
  readonly span: Span
  /** The errors that this one and those below have told of. */
  told: Set<unknown> | undefined
}

/** Finds the live spans of operations, each kept on its operation, so that it lives no longer than that. */
export interface LiveSpans {
  get(operation: Operation | undefined): LiveSpan | undefined
  set(operation: Operation, live: LiveSpan | undefined): void
}

export function createLiveSpans(): LiveSpans {
  const key = Symbol('@svc/dashboard live span')
  type Keeper = { [key]?: LiveSpan | undefined }
  return {
    get: (operation) => (operation as Keeper | undefined)?.[key],
    set: (operation, live) => {
      const keeper = operation as Keeper
      keeper[key] = live
    },
  }
}
