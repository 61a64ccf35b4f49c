import { isServiceError, type PendingWork, ServiceError } from '@svc/core'
import { GIVE_UP_MS, show } from '@svc/core/internal'
import { sourceOf, StopNode, StopSource } from '@svc/stopchan/internal'
import { Waiter } from './within.ts'

/** A deadline from above, shortened by a time-out of one's own; `undefined` when there is neither. */
export function budgetOf(signal: AbortSignal | undefined, timeoutMs: number | undefined): StopNode | undefined {
  if (signal === undefined && timeoutMs === undefined) return undefined
  const budget = new StopNode(signal === undefined ? new StopSource() : sourceOf(signal))
  if (timeoutMs !== undefined && !budget.hasEnded) budget.limit(timeoutMs, true)
  // Read at once, so that what is below joins it instead of putting listeners on the signal it came from.
  budget.share()
  return budget
}

/** Whether a budget ended because time ran out, and not because somebody aborted it. */
export function ranOut(budget: StopNode): boolean {
  return isServiceError(budget.reason, 'TIMEOUT')
}

/** A deadline never just says that time ran out: it names what had not ended. */
export function deadlineError(
  verb: string,
  service: string,
  pending: readonly PendingWork[],
  cause: unknown,
): ServiceError {
  const names = pending.map((work) => `${describe(work)} (${Math.round(work.ageMs)} ms)`)
  const what = names.length === 0 ? 'nothing that has a name had not ended' : `not ended: ${names.join(', ')}`
  return new ServiceError(`Cannot ${verb} ${show(service)} in time: ${what}`, {
    code: 'TIMEOUT',
    service,
    pending,
    cause,
  })
}

function describe({ service, kind, label }: PendingWork): string {
  if (kind === 'start' || kind === 'close') return `${kind} of ${show(service)}`
  return `${kind} ${show(label)} of ${show(service)}`
}

/**
 * The budget of one step of an unwinding: a failed start still has what was left of its own; one that was aborted, or ran out of
 * time, gets `closeTimeoutMs`, or half a second, since the notice and the deadline cannot be the same instant.
 */
export function unwindingBudget(transition: StopNode | undefined, closeTimeoutMs: number | undefined): StopNode {
  const budget = new UnwindingBudget(closeTimeoutMs)
  if (transition?.hasEnded === true) budget.begin()
  else {
    if (closeTimeoutMs !== undefined) budget.begin()
    transition?.asSource().link(budget.waiter)
  }
  return budget
}

class UnwindingBudget extends StopNode {
  /** Hears that the start's own time has ended. */
  readonly waiter: Waiter = new Waiter(() => {
    this.begin()
  })
  private readonly timeoutMs: number

  constructor(timeoutMs: number = GIVE_UP_MS) {
    super(new StopSource())
    this.timeoutMs = timeoutMs
  }

  begin(): void {
    this.limit(this.timeoutMs, true)
  }

  override detach(): void {
    this.waiter.unlink()
    super.detach()
  }
}
