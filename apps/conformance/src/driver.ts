import { toError } from '@svc/core'
import { byBytes, showOutcome } from './show.ts'

/** Runs operations that may block, and tells which of them have ended. */
export interface Driver {
  /** Begins an operation and leaves it running. Once it has ended its line is the label and how it ended, `show(error)`. */
  begin(label: string, operation: () => unknown, show?: (error: Error | null) => string): void
  /** Waits until nothing more happens by itself. Gives the lines of the operations that ended since the last time, sorted. */
  settle(): Promise<readonly string[]>
}

/** A turn of the event loop runs every microtask there is, so one is enough for promises; the others are for work put off to a later turn. */
const QUIET_TURNS = 3

export function createDriver(): Driver {
  const ended: string[] = []

  async function follow(operation: () => unknown): Promise<Error | null> {
    try {
      await operation()
      return null
    } catch (error) {
      return toError(error)
    }
  }

  return {
    begin(label, operation, show = showOutcome) {
      void follow(operation).then((error) => ended.push(`${label} ${show(error)}`))
    },
    async settle() {
      let seen: number
      do {
        seen = ended.length
        for (let turn = 0; turn < QUIET_TURNS; turn++) await nextTurn()
      } while (ended.length > seen)
      return ended.splice(0).toSorted(byBytes)
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
