import { type Closable, joinErrors } from '@svc/core'
import { checkObject, checkSignal } from '@svc/core/internal'
import { Budget, onAbort } from './budget.ts'
import { closableEntries, type Entry } from './entry.ts'
import { newStep, Steps } from './steps.ts'

/** Options of {@link closeAll}. */
export interface CloseAllOptions {
  /** The end of the budget, handed to each close: once it aborts, none is awaited any longer. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Closes everything at once, waits for all, then rejects with what failed, joined in argument order; one that throws
 * stops no other, and nothing to close is no error. Go: `CloseAll`.
 *
 * @throws TypeError for a wrong argument or entry, before one is closed.
 * @throws ServiceError `TIMEOUT` first, whose `pending` names what had not ended when the budget did.
 * @example
 * ```ts
 * await closeAll([socket, file], { signal })
 * ```
 */
export async function closeAll(closables: Iterable<Closable>, options: CloseAllOptions = {}): Promise<void> {
  checkObject(options, 'the options')
  const { signal } = options
  checkSignal(signal)
  await closeEntries(closableEntries(closables), signal)
}

export async function closeEntries(
  entries: readonly Entry<Closable>[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const steps = new Steps('closeAll')
  const budget = new Budget()
  const unlisten = onAbort(signal, () => {
    budget.spend()
  })
  const begun = entries.map((entry) => steps.begin(newStep('close', entry), () => entry.thing.close(signal)))
  await Promise.race([Promise.all(begun.map(({ end }) => end)), budget.end])
  unlisten()
  if (budget.spent) await steps.settle()
  const late = steps.haveAllEnded ? null : steps.timeout('Cannot close: the budget has ended')
  const error = joinErrors([late, ...begun.map(({ error }) => error)])
  if (error !== null) throw error
}
