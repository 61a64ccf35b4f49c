import { type RootScope, ServiceError } from '@svc/core'
import { type CancelTimer, startTimer } from '@svc/core/internal'

/** How long after the end of the budget what was cut off has to say what it leaves behind. */
const REPORT_MS = 100

/** The one budget of a stop. It begins with the request to stop, or with a start that fails. */
export interface Grace {
  /** Tells the program that it is draining, and begins the budget; twice is harmless. */
  begin(): void
  /** Aborts at the end of the budget. */
  readonly signal: AbortSignal
  /** Waits for one start or close, as long as there is time: `false` when it had not ended by then; what it rejects with later is nobody's. */
  wait(work: Promise<void>): Promise<boolean>
  /** Puts the timers off. */
  end(): void
}

export function createGrace(scope: RootScope, graceMs: number): Grace {
  const budget = new AbortController()
  const { promise: cut, resolve } = Promise.withResolvers<void>()
  let cancel: CancelTimer | undefined
  function begin(): void {
    if (cancel !== undefined) return
    cancel = startTimer(graceMs, () => {
      cancel = startTimer(REPORT_MS, resolve)
      budget.abort(
        new ServiceError(`Cannot go on: the ${graceMs} ms for stopping have passed`, {
          code: 'TIMEOUT',
          service: scope.id,
        }),
      )
    })
    scope.drain()
  }
  /** A close that is only begun after the end, and has nothing to wait for, is not given up: it gets one turn. */
  async function oneTurnAfterCut(): Promise<false> {
    await cut
    return new Promise((resolve) => {
      startTimer(0, () => {
        resolve(false)
      })
    })
  }
  return {
    begin,
    signal: budget.signal,
    wait: (work) => Promise.race([work.then(() => true), oneTurnAfterCut()]),
    end: () => cancel?.(),
  }
}
