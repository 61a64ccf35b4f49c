import { toError } from '@svc/core'
import { STOP_REASON } from '@svc/stopchan/internal'
import type { Child } from './children.ts'
import { givingUp } from './deadline.ts'
import type { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { type Wait, within } from './within.ts'

/** The step that a start was in when its budget ended: an own hook, or a sub-service. */
export interface Unfinished {
  readonly child: Child | undefined
  promise: PromiseLike<unknown> | undefined
}

/** What the unwinding added to the original error. */
export interface Unwound {
  /** What the unfinished step rejected with, when it did give up. */
  readonly late: { readonly error: unknown } | undefined
  readonly errors: readonly (Error | null)[]
}

/**
 * Takes back what a start has done: aborts the engine's signal, lets the unfinished step and the tasks give up, closes
 * the sub-services that had started in reverse order. What does not give up in time is abandoned and noted.
 */
export function* unwind(
  engine: ServiceEngine,
  unfinished: Unfinished | undefined,
  pending: PendingList,
): Wait<Unwound> {
  const budget = givingUp(engine.transition, engine.config.closeTimeoutMs)
  const errors: (Error | null)[] = []
  engine.chan.close(STOP_REASON)
  let late: { readonly error: unknown } | undefined
  const note = (): void => {
    engine.pending(pending.note)
  }
  try {
    if (unfinished?.promise !== undefined && !(yield within(budget, unfinished.promise, note))) abandon(unfinished)
  } catch (error) {
    late = { error }
  }
  engine.hook = undefined
  const ended = engine.knownTasks?.ended()
  if (ended !== undefined) yield within(budget, ended, note)
  for (const child of engine.family?.children.toReversed() ?? []) {
    if (!child.started || child.hasStopped) continue
    try {
      const closed = child.closeOnce(budget.share())
      if (closed !== undefined) yield within(budget, closed, note)
    } catch (error) {
      errors.push(toError(error))
    }
  }
  budget.detach()
  return { late, errors }
}

/** A sub-service that starts after nobody waits for it any more is closed at once: nothing stays open. */
function abandon({ child, promise }: Unfinished): void {
  if (child === undefined) return
  promise?.then(
    () => child.close(undefined)?.catch(() => {}),
    () => {},
  )
}
