import { toError } from '@svc/core'
import { STARTED } from '@svc/statemachine/internal'
import type { Child } from './children.ts'
import { unwindingBudget } from './deadline.ts'
import type { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { noteUnended, settle } from './settle.ts'
import { type Wait, within } from './within.ts'

/** The step that a start was in when its budget ended: an own hook, or a sub-service. */
export interface Unfinished {
  readonly child: Child | undefined
  readonly work: PromiseLike<unknown>
}

/** What the unwinding added to the original error. */
export interface Unwound {
  /** What the unfinished step rejected with, when it did give up. */
  readonly late: { readonly error: unknown } | undefined
  readonly errors: readonly (Error | null)[]
}

/**
 * Takes back what a start has done: aborts the engine's signal, lets the unfinished step and the tasks give up, then
 * closes the sub-services that had started in reverse order. What does not give up in time is abandoned and noted.
 */
export function* unwind(
  engine: ServiceEngine,
  unfinished: Unfinished | undefined,
  pending: PendingList,
): Wait<Unwound> {
  engine.halt()
  const late = unfinished === undefined ? undefined : yield* giveUp(engine, unfinished, pending)
  engine.hook = undefined
  yield* endTasks(engine, pending)
  const errors = yield* closeStarted(engine, pending)
  yield* endTasks(engine, pending)
  yield* settle(engine, pending)
  return { late, errors }
}

/** Lets the step that was going on end; gives back what it rejects with. */
function* giveUp(engine: ServiceEngine, unfinished: Unfinished, pending: PendingList): Wait<Unwound['late']> {
  const { child, work } = unfinished
  // An override of its start may not have handed the signal on.
  if (child?.node?.engine?.isLate === false) child.node.interrupt?.(engine.transition?.reason)
  try {
    // A sub-service that is being unwound itself gives up in its own time, level by level.
    while (!(yield* withinUnwinding(engine, work, () => child?.knowsItself !== true && noteUnended(engine, pending)))) {
      if (child?.knowsItself === true) continue
      abandon(engine, unfinished)
      return undefined
    }
    return undefined
  } catch (error) {
    return { error }
  }
}

function* endTasks(engine: ServiceEngine, pending: PendingList): Wait<void> {
  let ended = engine.knownTasks?.ended()
  while (ended !== undefined && (yield* withinUnwinding(engine, ended, () => noteUnended(engine, pending)))) {
    ended = engine.knownTasks?.ended()
  }
}

/** Closing begins with a budget of its own: what did not give up must not cost those that close in order. */
function* closeStarted(engine: ServiceEngine, pending: PendingList): Wait<(Error | null)[]> {
  const errors: (Error | null)[] = []
  const budget = unwindingBudget(engine.transition, engine.config.closeTimeoutMs)
  for (const child of engine.family?.children.toReversed() ?? []) {
    if (!child.isOpen) continue
    try {
      const closed = child.closeOnce(budget.share())
      if (closed !== undefined) yield within(budget, closed, () => noteUnended(engine, pending))
    } catch (error) {
      errors.push(toError(error))
    }
  }
  budget.detach()
  return errors
}

/** One wait of an unwinding, with a budget of its own. */
function* withinUnwinding(engine: ServiceEngine, work: PromiseLike<unknown>, expired: () => unknown): Wait<boolean> {
  const budget = unwindingBudget(engine.transition, engine.config.closeTimeoutMs)
  try {
    return yield within(budget, work, expired)
  } finally {
    budget.detach()
  }
}

/** A sub-service that starts after nobody waits for it any more is closed at once: nothing stays open. Only the log can still be told. */
function abandon(engine: ServiceEngine, { child, work }: Unfinished): void {
  if (child === undefined) return
  // What an override of its start has started, and then hangs, has still to be closed.
  if (child.node?.machine?.number === STARTED) child.started = true
  work.then(
    () =>
      child.close(undefined)?.catch((error: unknown) => {
        engine.logger.error(
          { state: engine.machine.state(), subService: child.id, err: toError(error) },
          'Failed to close abandoned sub-service',
        )
      }),
    () => {}, // it is named in the error's `pending`, and has nothing to close
  )
}
