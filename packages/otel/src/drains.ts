import type { Operation, Scope } from '@svc/core'
import { rootOf } from '@svc/core/internal'

/** A drain that has ended, of which no span was made yet. */
export interface Drained {
  readonly operation: Operation
  readonly error: Error | null
  readonly endedAt: number
}

/**
 * Drains that wait for the close that they come before: whoever looks at the trace of a close wants to see in it what the
 * time before was spent on. So their spans are made when that begins.
 */
export interface Drains {
  /** Gives back the one that has no room any more, if any. */
  hold(drained: Drained): Drained | undefined
  /** Those of the program that a scope is part of. */
  take(scope: Scope): readonly Drained[]
  /** All that no close came for. */
  takeAll(): readonly Drained[]
}

/** A program drains once. */
const MOST_HELD = 16

export function createDrains(): Drains {
  let held: Drained[] = []
  return {
    hold: (drained) => {
      held.push(drained)
      return held.length > MOST_HELD ? held.shift() : undefined
    },
    take: (scope) => {
      if (held.length === 0) return held
      const root = rootOf(scope)
      const isOfRoot = ({ operation }: Drained): boolean => rootOf(operation.scope) === root
      const taken = held.filter(isOfRoot)
      held = held.filter((it) => !isOfRoot(it))
      return taken
    },
    takeAll: () => {
      const taken = held
      held = []
      return taken
    },
  }
}
