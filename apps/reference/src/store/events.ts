import type { DatabaseSync } from 'node:sqlite'

/** An event as it comes in. `data` is JSON. */
export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly data: string
  readonly traceparent: string | undefined
  readonly idempotencyKey: string | undefined
  /** Tells a repeated request from another one with the same key. */
  readonly digest: string
  readonly createdAt: number
}

/** What became of it; `subscriptions` have something to deliver now. */
export type Acceptance =
  | { readonly kind: 'accepted'; readonly id: string; readonly subscriptions: readonly string[] }
  | { readonly kind: 'repeated'; readonly id: string }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'full' }

/** An event and how far its deliveries are. */
export interface EventStatus {
  readonly id: string
  readonly type: string
  readonly createdAt: number
  readonly deliveries: readonly DeliveryStatus[]
}

export interface DeliveryStatus {
  readonly subscription: string
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly lastError: string | null
  /** `null` while it is being attempted, and once it has ended. */
  readonly nextAttemptAt: number | null
  readonly endedAt: number | null
}

/** The events in the store. */
export interface Events {
  accept(event: NewEvent): Acceptance
  get(id: string): EventStatus | undefined
  /** Removes up to `limit` events from before a time that have nothing pending, and says how many. */
  prune(before: number, limit: number): number
}

export function createEvents(database: DatabaseSync, maxPending: number): Events {
  const earlier = database.prepare('SELECT id, digest FROM events WHERE idempotency_key = ?')
  const pending = database.prepare(`SELECT value FROM counters WHERE name = 'pending'`)
  const insert = database.prepare(
    `INSERT INTO events (id, type, data, traceparent, idempotency_key, digest, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
  )
  const fanOut = database.prepare(
    `INSERT INTO deliveries (event, subscription, next_attempt_at)
     SELECT ?, id, ? FROM subscriptions
     WHERE status = 'active' AND EXISTS (SELECT 1 FROM json_each(types) WHERE value IN ('*', ?))
     RETURNING subscription`,
  )
  const get = database.prepare('SELECT seq, id, type, created_at AS createdAt FROM events WHERE id = ?')
  const deliveries = database.prepare(
    `SELECT subscription, status, attempts, last_error AS lastError, next_attempt_at AS nextAttemptAt, ended_at AS endedAt
     FROM deliveries WHERE event = ? ORDER BY id`,
  )
  const prune = database.prepare(
    `DELETE FROM events WHERE seq IN (
       SELECT seq FROM events WHERE created_at < ?
       AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = seq AND status = 'pending') LIMIT ?)`,
  )

  function accept(event: NewEvent): Acceptance {
    const { id, type, data, traceparent = null, idempotencyKey = null, digest, createdAt } = event
    const repeated = idempotencyKey === null ? undefined : earlier.get(idempotencyKey)
    if (repeated !== undefined) {
      return repeated['digest'] === digest ? { kind: 'repeated', id: String(repeated['id']) } : { kind: 'conflict' }
    }
    if (Number(pending.get()?.['value']) >= maxPending) return { kind: 'full' }
    const row = insert.get(id, type, data, traceparent, idempotencyKey, digest, createdAt)
    const subscriptions = fanOut.all(Number(row?.['seq']), createdAt, type).map((it) => String(it['subscription']))
    return { kind: 'accepted', id, subscriptions }
  }

  return {
    accept,
    get: (id) => {
      const row = get.get(id) as unknown as (Omit<EventStatus, 'deliveries'> & { readonly seq: number }) | undefined
      if (row === undefined) return undefined
      return { ...row, deliveries: deliveries.all(row.seq) as unknown as DeliveryStatus[] }
    },
    prune: (before, limit) => Number(prune.run(before, limit).changes),
  }
}
