import { type CancelTimer, startTimer } from '@svc/core/internal'

/** How long one call waits: until its signal aborts, or until a close behind it in the line has run out of time. */
export class Budget {
  spent = false
  /** Spent by a close behind, which takes over what is left to close. */
  overtaken = false
  readonly end: Promise<void>
  private readonly resolve: () => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.end = promise
    this.resolve = resolve
  }

  spend(): void {
    this.spent = true
    this.resolve()
  }

  overtake(): void {
    if (this.spent) return
    this.overtaken = true
    this.spend()
  }
}

/** Calls `fn` once the signal has aborted, now if it has already; the result takes the listener off again. */
export function onAbort(signal: AbortSignal | undefined, fn: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    fn()
    return () => {}
  }
  signal.addEventListener('abort', fn)
  return () => {
    signal.removeEventListener('abort', fn)
  }
}

/** How long what has heard of an abort is still waited for. */
export interface Patience {
  /** Resolves when it is over. */
  readonly end: Promise<void>
  /** Takes away what it put on the signal, and its timer. */
  release(): void
}

/** A patience that begins when the signal aborts. */
export function patienceAfter(signal: AbortSignal | undefined, ms: number): Patience {
  const { promise: end, resolve } = Promise.withResolvers<void>()
  let cancel: CancelTimer | undefined
  const unlisten = onAbort(signal, () => {
    cancel = startTimer(ms, resolve)
  })
  const release = (): void => {
    unlisten()
    cancel?.()
  }
  return { end, release }
}
