import { errorTree, isServiceError } from '@svc/core'
import { configurationErrorsIn } from './configuration-error.ts'

/** What a run came to. */
export interface Outcome {
  /** Notes a start or a close that failed, or an uncaught exception. */
  fail(what: 'start' | 'close' | 'crash', error: unknown): void
  /** Notes that something was left behind that may keep the process alive. */
  abandon(): void
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
      // A service of ours that passed its own deadline says what it had to leave.
      for (const part of errorTree(error))
        if (isServiceError(part, 'TIMEOUT') && part.pending.length > 0) abandoned = true
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
