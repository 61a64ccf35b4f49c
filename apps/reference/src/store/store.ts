import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Scope, Service } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import { createDeliveryRows, type DeliveryRows } from './deliveries.ts'
import { createEvents, type Events } from './events.ts'
import { prepareDatabase } from './schema.ts'
import { isUnavailable, StoreUnavailableError } from './store-unavailable.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'
import { createWriteQueue, type WriteQueue } from './write-queue.ts'

/** How long a locked file is waited for: nothing else runs meanwhile. */
const LOCK_TIMEOUT_MS = 50
/** How often it is seen whether a database that failed works again. */
const PROBE_PERIOD_MS = 1_000
const CONDITION = 'database'

export interface Tables {
  readonly subscriptions: Subscriptions
  readonly events: Events
  readonly deliveries: DeliveryRows
}

/** Where events, subscriptions and deliveries are kept. */
export interface Store extends Service {
  /** Resolves once what `fn` wrote is synced to the disk. @throws StoreUnavailableError when it could not be stored */
  write<T>(fn: (tables: Tables) => T): Promise<T>
  /** @throws StoreUnavailableError */
  read<T>(fn: (tables: Tables) => T): T
}

interface Opened {
  readonly database: DatabaseSync
  readonly tables: Tables
  readonly queue: WriteQueue
  readonly probe: () => void
}

/**
 * Makes the store: a SQLite database in WAL mode, synced at each commit. While nothing can be written it is unhealthy;
 * the next write that works ends that, its own probe if nobody else writes.
 */
export function createStore(parent: Scope, options: { readonly file: string; readonly maxPending: number }): Store {
  const { file, maxPending } = options
  let opened: Opened | undefined
  let failing = false

  const { service, engine } = createServiceEngine({
    name: 'Store',
    parent,
    start: () => {
      opened = open()
      engine.logger.info({ file }, `Opened the database ${JSON.stringify(file)}`)
      engine.goTick({ periodMs: PROBE_PERIOD_MS }, probe, { label: 'probe' })
    },
    close: () => {
      opened?.database.close()
    },
  })

  function open(): Opened {
    let database: DatabaseSync | undefined
    try {
      mkdirSync(dirname(file), { recursive: true })
      database = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS })
      prepareDatabase(database)
      const probe = database.prepare(`UPDATE counters SET value = value + 1 WHERE name = 'probes'`)
      return {
        database,
        tables: {
          subscriptions: createSubscriptions(database),
          events: createEvents(database, maxPending),
          deliveries: createDeliveryRows(database),
        },
        queue: createWriteQueue(database, noteOutcome),
        probe: () => {
          probe.run()
        },
      }
    } catch (error) {
      database?.close()
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`Cannot open the database ${JSON.stringify(file)}: ${reason}`, { cause: error })
    }
  }

  function noteOutcome(error: unknown): void {
    if (error === null && !failing) return
    failing = error !== null
    if (failing) engine.setHealthCondition(CONDITION, error)
    else engine.clearHealthCondition(CONDITION)
  }

  async function probe(): Promise<void> {
    if (!failing || opened === undefined) return
    // The condition tells of a failure already
    await opened.queue.write(opened.probe).catch(() => {})
  }

  function use(): Opened {
    engine.assertStarted()
    if (opened === undefined) throw new Error('Cannot use the database: it is not open')
    return opened
  }

  return {
    ...service,
    write: (fn) =>
      engine.ifStarted(async () => {
        const { queue, tables } = use()
        try {
          return await queue.write(() => fn(tables))
        } catch (error) {
          throw isUnavailable(error) ? new StoreUnavailableError(error) : error
        }
      }),
    read: (fn) => {
      try {
        return fn(use().tables)
      } catch (error) {
        throw isUnavailable(error) ? new StoreUnavailableError(error) : error
      }
    },
  }
}
