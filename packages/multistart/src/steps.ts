import { AsyncLocalStorage } from 'node:async_hooks'
import { type Awaitable, type Closable, type PendingWork, ServiceError, toError } from '@svc/core'
import { now, show } from '@svc/core/internal'
import type { Budget } from './budget.ts'
import { type Entry, nameOf } from './entry.ts'

/** One start or close of one thing, begun. */
export interface Step {
  readonly kind: 'start' | 'close'
  readonly entry: Entry<Closable>
  readonly begunAt: number
  /** Resolves when it has ended, well or not. */
  end: Promise<void>
  ended: boolean
  error: Error | null
}

/**
 * How many turns of the microtask queue pass before a deadline's report is written. No time passes in them; they let
 * what ends at once end, and a service that notices the same deadline hand in its own report.
 */
const SETTLING_TURNS = 100

/** The steps in flight, and which of them is waited for. */
export class Steps {
  private readonly owner: string
  private readonly inFlight = new Set<Step>()
  /** Says from inside which step a call comes. */
  private inside: AsyncLocalStorage<Step> | undefined = undefined
  private awaited: Step | undefined = undefined

  /** @param owner is who a deadline's error says it is. */
  constructor(owner: string) {
    this.owner = owner
  }

  get haveAllEnded(): boolean {
    return this.inFlight.size === 0
  }

  /** Runs one step, and waits for it as long as the budget, and the patience if there is one, lasts. */
  async run(
    kind: Step['kind'],
    entry: Entry<Closable>,
    call: () => Awaitable<void>,
    budget: Budget,
    patience: Promise<void> = budget.end,
  ): Promise<Step> {
    const step = newStep(kind, entry)
    this.awaited = budget.spent ? undefined : step
    this.inside ??= new AsyncLocalStorage()
    this.inside.run(step, () => {
      this.begin(step, call)
    })
    await this.wait(step, budget, patience)
    return step
  }

  async wait(step: Step, budget: Budget, patience: Promise<void>): Promise<void> {
    this.awaited = budget.spent ? undefined : step
    if (!budget.spent) await Promise.race([step.end, budget.end, patience])
    this.awaited = undefined
  }

  /** Begins one step that nobody waits for. */
  begin(step: Step, call: () => Awaitable<void>): Step {
    this.inFlight.add(step)
    step.end = (async () => call())().then(
      () => {
        this.finish(step, null)
      },
      (thrown: unknown) => {
        this.finish(step, toError(thrown))
      },
    )
    return step
  }

  /** Refuses a call from inside the very step that it would wait for. */
  refuseInside(verb: string): void {
    if (this.awaited === undefined || this.inside?.getStore() !== this.awaited) return
    const { kind, entry } = this.awaited
    throw new ServiceError(
      `Cannot ${verb}: the call comes from inside the ${kind} of ${show(nameOf(entry))}, which it would wait for`,
      {
        code: 'DEADLOCK',
        service: this.owner,
      },
    )
  }

  /** Lets go of the async context: Node 22 pays for each promise while there is one. */
  rest(): void {
    this.inside?.disable()
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < SETTLING_TURNS && !this.haveAllEnded; turn++) await Promise.resolve()
  }

  /** The error of a deadline, which names what had not ended. */
  timeout(what: string): ServiceError {
    return this.unfinished('TIMEOUT', what, undefined)
  }

  /** The error of a start that was aborted and did not give up. */
  abandoned(reason: unknown): ServiceError {
    return this.unfinished('START_FAILED', 'Cannot go on: the start was aborted', reason)
  }

  private unfinished(code: 'TIMEOUT' | 'START_FAILED', what: string, cause: unknown): ServiceError {
    const pending = [...this.inFlight].map((step) => pendingWork(step))
    const names = pending.map(({ service, kind }) => `${show(service)} (${kind})`).join(', ')
    const message = names === '' ? what : `${what}, and these had not ended: ${names}`
    return new ServiceError(message, { code, service: this.owner, pending, ...(cause === undefined ? {} : { cause }) })
  }

  private finish(step: Step, error: Error | null): void {
    step.ended = true
    step.error = error
    this.inFlight.delete(step)
  }
}

const NEVER_BEGUN = Promise.resolve()

export function newStep(kind: Step['kind'], entry: Entry<Closable>): Step {
  return { kind, entry, begunAt: now(), end: NEVER_BEGUN, ended: false, error: null }
}

function pendingWork({ kind, entry, begunAt }: Step): PendingWork {
  return { service: nameOf(entry), kind, label: kind, ageMs: now() - begunAt, startedBy: undefined }
}
