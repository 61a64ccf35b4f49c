import type { DatabaseSync } from 'node:sqlite'
import { isUnavailable } from './store-unavailable.ts'

/** Writes one after the other, as many at once as are waiting. */
export interface WriteQueue {
  /** Runs `fn` in the next transaction. Resolves once that is synced to the disk; rejects when nothing of it is stored. */
  write<T>(fn: () => T): Promise<T>
}

interface Job {
  /** Throws what `fn` does; gives what tells the caller that it is stored. */
  run(): () => void
  reject(error: unknown): void
}

/**
 * Makes a queue of writes. A sync to the disk is what a transaction costs, so all the writes of a turn of the event loop
 * share one. `told` hears of each transaction: `null` when it is stored, the error when it is not.
 */
export function createWriteQueue(database: DatabaseSync, told: (error: unknown) => void): WriteQueue {
  let jobs: Job[] = []

  function flush(): void {
    const batch = jobs
    jobs = []
    commit(batch)
  }

  function commit(batch: readonly Job[]): void {
    try {
      database.exec('BEGIN IMMEDIATE')
      const done = batch.map((job) => job.run())
      database.exec('COMMIT')
      told(null)
      for (const tell of done) tell()
    } catch (error) {
      // SQLite ends the transaction itself after some errors, such as a full disk
      if (database.isTransaction) database.exec('ROLLBACK')
      if (isUnavailable(error)) told(error)
      else if (batch.length > 1) {
        // One of them is at fault: the others must not pay for it
        for (const job of batch) commit([job])
        return
      }
      for (const job of batch) job.reject(error)
    }
  }

  return {
    write: (fn) =>
      new Promise((resolve, reject) => {
        if (jobs.length === 0) setImmediate(flush)
        const run = (): (() => void) => {
          const value = fn()
          return () => {
            resolve(value)
          }
        }
        jobs.push({ run, reject })
      }),
  }
}
