import { Link, type StopNode } from '@svc/stopchan/internal'

/** A wait that a deadline may end; a ring member, so that ten thousand of them put one listener on a signal. */
export class Waiter extends Link {
  private readonly expire: () => void

  constructor(expire: () => void) {
    super()
    this.expire = expire
  }

  override stop(): void {
    this.expire()
  }
}

/**
 * Waits for something within a budget: resolves to `true` when it has ended, rejects as it does, and resolves to `false`
 * when the budget ends first. `expired` is called at that very moment, to note what has not ended by then. What is left
 * behind never becomes an unhandled rejection.
 */
export function within(
  budget: StopNode | undefined,
  work: PromiseLike<unknown>,
  expired?: () => void,
): Promise<boolean> {
  const promise = Promise.resolve(work)
  if (budget === undefined) return promise.then(() => true)
  return new Promise((resolve, reject) => {
    const waiter = new Waiter(() => {
      expired?.()
      resolve(false)
    })
    promise.then(
      () => {
        waiter.unlink()
        resolve(true)
      },
      (error: unknown) => {
        waiter.unlink()
        reject(error)
      },
    )
    if (budget.hasEnded) waiter.stop()
    else budget.asSource().link(waiter)
  })
}

/** Steps that wait only where there is something to wait for: each thing yielded is awaited, each failure thrown back in. */
export type Steps = Wait<void>

/** A part of such steps that gives something back. */
export type Wait<T> = Generator<PromiseLike<boolean>, T, boolean>

/** Runs steps: at once as far as they go, and the rest later. `undefined` when nothing was left to wait for. */
export function drive(steps: Steps): Promise<void> | undefined {
  const first = steps.next(true)
  return first.done === true ? undefined : driveOn(steps, first.value)
}

async function driveOn(steps: Steps, first: PromiseLike<boolean>): Promise<void> {
  let work = first
  while (true) {
    let result: IteratorResult<PromiseLike<boolean>, void>
    try {
      result = steps.next(await work)
    } catch (error) {
      result = steps.throw(error)
    }
    if (result.done === true) return
    work = result.value
  }
}
