import { errorTree, isServiceError } from '@svc/core'
import { configurationErrorsIn } from './configuration-error.ts'

/** What a run came to. */
export interface Outcome {
  /** Notes a start or a close that failed, or an uncaught exception. */
  fail(what: 'start' | 'close' | 'crash', error: unknown): void
  /** Notes that something else was left behind, which is no failure. */
  abandon(): void
  /** Whether something was left behind at the end of a budget, and may keep the process alive. */
  readonly abandoned: boolean
  /** 2 when a start found that the program is configured wrongly, 1 when anything else failed, 0 otherwise. */
  readonly exitCode: 0 | 1 | 2
}

export function createOutcome(): Outcome {
  let exitCode: 0 | 1 | 2 = 0
  let abandoned = false
  return {
    fail: (what, error) => {
      if (what === 'start' && configurationErrorsIn(error).length > 0) exitCode = 2
      else if (exitCode === 0) exitCode = 1
      // An error says what it had to leave, a service's own as well as the one of this run.
      for (const part of errorTree(error)) if (isServiceError(part) && part.pending.length > 0) abandoned = true
    },
    abandon: () => {
      abandoned = true
    },
    get abandoned() {
      return abandoned
    },
    get exitCode() {
      return exitCode
    },
  }
}
