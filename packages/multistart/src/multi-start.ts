import {
  errorTree,
  type HealthReporter,
  isServiceError,
  joinErrors,
  nodeOf,
  type ServiceError,
  type StartClose,
  toError,
} from '@svc/core'
import { checkDuration, checkObject, checkSignal, GIVE_UP_MS, show } from '@svc/core/internal'
import { type Budget, onAbort, patienceAfter } from './budget.ts'
import { checkServices, type Entry } from './entry.ts'
import { Line, type Turn } from './line.ts'
import { newStep, type Step, Steps } from './steps.ts'

/** Options of {@link MultiStart.start}. */
export interface MultiStartOptions {
  /** Handed to each start; aborting it fails the whole. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds that what has heard of the abort may take to give up; 500 by default. */
  readonly giveUpMs?: number | undefined
}

/**
 * Starts things in order and closes them in reverse.
 *
 * Calls go one after another, in the order in which they were made: a close during a start waits for it and then closes
 * what it started; a start during a close waits and then starts. What has been closed, by a close or by a start that
 * failed, is not closed again. A call from inside a start or close of one of the services, which would wait for its own
 * caller, rejects with `DEADLOCK`; so does one from work that such a step has left running, as long as the step is in flight.
 */
export interface MultiStart {
  /**
   * Starts the services, each when the one before has started; starting again adds. When one fails, everything started
   * so far, by earlier calls too, is closed in reverse, and the start's error comes first, then those of the closes;
   * the one that failed is not closed, those after it are not touched.
   *
   * The signal is handed to each start. Aborted before the first: nothing is started. Aborted later: no other is begun, and
   * all is closed in reverse; the reason comes first. The start in flight has `giveUpMs` to give up; one that does not is
   * abandoned, named in the error's `pending`, and closed if it starts after all. The closes then get as long. A service of
   * `@svc/engine` that is still being unwound is waited for, since it bounds that itself.
   * Aborted after the end: nothing.
   *
   * @throws TypeError for anything but an array of services, before one is started.
   * @throws ServiceError `TIMEOUT` when a close that waits for this start has run out of time; a start that ends after it
   * is closed at once. `DEADLOCK` as said above.
   */
  start(services: readonly StartClose[], options?: MultiStartOptions): Promise<void>
  /**
   * Closes all that have been started, in reverse, each when the one before has closed, and joins the errors in closing
   * order. Nothing to close is no error, and neither is a second close.
   *
   * The signal is the end of the budget, and is handed to each close: once it aborts, calls that this one waits for give
   * way, every close left is begun, and none is awaited.
   *
   * @throws ServiceError `TIMEOUT`, before the other errors: its `pending` names what had not ended when the budget did.
   * `DEADLOCK` as said above.
   */
  close(signal?: AbortSignal): Promise<void>
  /**
   * Closes as `close` does, then rejects: with the reason, and after it the errors of the close.
   *
   * @throws TypeError for a reason that is no error, before anything is closed.
   */
  closeBecause(reason: Error, signal?: AbortSignal): Promise<never>
}

/**
 * Makes a MultiStart with nothing started. Go: `MultiStart`.
 *
 * @example
 * ```ts
 * const all = createMultiStart()
 * await all.start([database, queue, api]) // all three, or none
 * await all.close(signal) // api, queue, database
 * ```
 */
export function createMultiStart(): MultiStart {
  const sequence = new Sequence()
  return {
    start: (services, options) => sequence.start(services, options),
    close: (signal) => sequence.close(signal),
    closeBecause: (reason, signal) => sequence.closeBecause(reason, signal),
  }
}

class Sequence {
  private readonly started: Entry<StartClose>[] = []
  private readonly line = new Line()
  private readonly steps = new Steps('MultiStart')
  private begun = 0

  async start(services: readonly StartClose[], options: MultiStartOptions = {}): Promise<void> {
    checkServices(services)
    checkObject(options, 'the options')
    const { signal, giveUpMs = GIVE_UP_MS } = options
    checkSignal(signal)
    checkDuration(giveUpMs, 'option "giveUpMs"')
    const notice = { signal, giveUpMs }
    const list = [...services]
    await this.takeTurn('start', signal, async (turn) => {
      const failure = await this.startEach(list, notice, turn.budget)
      if (failure === undefined) return
      const errors = await this.unwind(notice, turn.budget)
      throw errors.length === 0 ? failure.error : joinErrors([toError(failure.error), ...errors])
    })
  }

  async close(signal?: AbortSignal): Promise<void> {
    checkSignal(signal)
    await this.takeTurn('close', signal, async (turn) => {
      const error = joinErrors(await this.closeStarted(signal, turn.budget))
      if (error !== null) throw error
    })
  }

  async closeBecause(reason: Error, signal?: AbortSignal): Promise<never> {
    if (toError(reason) !== reason) throw new TypeError(`Cannot use the reason: expected an Error, got ${show(reason)}`)
    checkSignal(signal)
    const failure = await this.close(signal).then(() => null, toError)
    throw joinErrors([reason, failure]) ?? reason
  }

  /** Waits for all calls before this one. An abort ends the waiting of a start; that of a close makes those before give way. */
  private async takeTurn(
    kind: Step['kind'],
    signal: AbortSignal | undefined,
    run: (turn: Turn) => Promise<void>,
  ): Promise<void> {
    if (kind === 'start') throwIfAborted(signal)
    this.steps.refuseInside(kind)
    const turn = this.line.join()
    const giveUp = (): void => {
      turn.budget.spend()
      this.line.overtake(turn)
    }
    const unlisten = onAbort(signal, kind === 'start' ? turn.call : giveUp)
    try {
      if (!turn.isNext) await turn.called
      if (kind === 'start') throwIfAborted(signal)
      await run(turn)
    } finally {
      unlisten()
      this.line.leave(turn)
      if (this.line.isEmpty) this.steps.rest()
    }
  }

  private async startEach(
    list: readonly StartClose[],
    { signal, giveUpMs }: Notice,
    budget: Budget,
  ): Promise<{ readonly error: unknown } | undefined> {
    for (const thing of list) {
      if (budget.spent) throw this.overtaken()
      const entry = { thing, position: ++this.begun }
      const step = await this.runStart(entry, signal, giveUpMs, budget)
      if (step.error !== null) return { error: step.error }
      if (!step.ended) {
        this.closeWhenStarted(step, entry)
        if (budget.spent) throw this.overtaken()
        return { error: this.steps.abandoned(signal?.reason) }
      }
      this.started.push(entry)
      if (signal?.aborted === true) return { error: signal.reason }
    }
    return undefined
  }

  /** Runs one start. Once its signal has aborted it has a while to give up; a service of ours that unwinds itself has its own. */
  private async runStart(
    entry: Entry<StartClose>,
    signal: AbortSignal | undefined,
    giveUpMs: number,
    budget: Budget,
  ): Promise<Step> {
    const { thing } = entry
    const patience = patienceAfter(signal, giveUpMs)
    const step = await this.steps.run('start', entry, () => thing.start(signal), budget, patience.end)
    patience.release()
    while (!step.ended && !budget.spent && unwindsItself(thing)) {
      const more = patienceAfter(signal, giveUpMs)
      await this.steps.wait(step, budget, more.end)
      more.release()
    }
    return step
  }

  /** Closes what has been started by a start that failed; one that was aborted has no time of its own left, and gets a little. */
  private async unwind({ signal, giveUpMs }: Notice, budget: Budget): Promise<readonly Error[]> {
    const end = new AbortController()
    const patience = patienceAfter(signal, giveUpMs)
    void patience.end.then(() => {
      end.abort(signal?.reason)
      budget.spend()
    })
    try {
      return await this.closeStarted(end.signal, budget)
    } finally {
      patience.release()
    }
  }

  /** Closes the last started first, until none is left or a close behind takes over; gives back what failed. */
  private async closeStarted(signal: AbortSignal | undefined, budget: Budget): Promise<readonly Error[]> {
    const begun: Step[] = []
    while (!budget.overtaken) {
      const entry = this.started.pop()
      if (entry === undefined) break
      begun.push(await this.steps.run('close', entry, () => entry.thing.close(signal), budget))
    }
    if (budget.spent && !budget.overtaken) await this.steps.settle()
    const errors = begun.flatMap(({ error }) => error ?? [])
    if (!budget.spent || (this.steps.haveAllEnded && this.started.length === 0)) return errors
    return [budget.overtaken ? this.overtaken() : this.steps.timeout('Cannot close: the budget has ended'), ...errors]
  }

  /** A start that was left behind and ends well all the same must not leave its service running. */
  private closeWhenStarted(step: Step, entry: Entry<StartClose>): void {
    void step.end.then(() => {
      if (step.error === null) void this.steps.begin(newStep('close', entry), () => entry.thing.close())
    })
  }

  private overtaken(): ServiceError {
    return this.steps.timeout('Cannot go on: a close that waited has run out of time')
  }
}

/** The options of a start, complete. */
interface Notice {
  readonly signal: AbortSignal | undefined
  readonly giveUpMs: number
}

/** Whether it is a service of ours that is still on its way back. */
function unwindsItself(thing: StartClose): boolean {
  const reporter = thing as StartClose & Partial<HealthReporter>
  if (typeof reporter.healthReport !== 'function' || nodeOf(reporter as HealthReporter) === undefined) return false
  return [...errorTree(reporter.readiness?.())].some((it) => isServiceError(it) && it.state === 'Starting')
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason
}
