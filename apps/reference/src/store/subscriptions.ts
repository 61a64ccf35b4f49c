import type { DatabaseSync } from 'node:sqlite'

/** An endpoint, and the types of events that go to it: exact names, or `*` for all. */
export interface Subscription {
  readonly id: string
  readonly url: string
  readonly types: readonly string[]
  readonly secret: string
  readonly status: 'active' | 'disabled'
  /** Milliseconds since the epoch, as every time in the store. */
  readonly createdAt: number
}

/** The subscriptions in the store. */
export interface Subscriptions {
  insert(subscription: Subscription): void
  list(): readonly Subscription[]
  get(id: string): Subscription | undefined
  /** Removes one with its pending deliveries; `false` when there is none. */
  remove(id: string): boolean
  /** Disables one for good; its pending deliveries become dead letters. */
  disable(id: string, error: string, now: number): void
}

type Row = Omit<Subscription, 'types'> & { readonly types: string }

export function createSubscriptions(database: DatabaseSync): Subscriptions {
  const columns = 'id, url, types, secret, status, created_at AS createdAt'
  const insert = database.prepare(
    'INSERT INTO subscriptions (id, url, types, secret, status, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const list = database.prepare(`SELECT ${columns} FROM subscriptions ORDER BY created_at, id`)
  const get = database.prepare(`SELECT ${columns} FROM subscriptions WHERE id = ?`)
  const remove = database.prepare('DELETE FROM subscriptions WHERE id = ?')
  const drop = database.prepare(`DELETE FROM deliveries WHERE subscription = ? AND status = 'pending'`)
  const disable = database.prepare(`UPDATE subscriptions SET status = 'disabled' WHERE id = ?`)
  const kill = database.prepare(
    `UPDATE deliveries SET status = 'dead', last_error = ?, next_attempt_at = NULL, ended_at = ?
     WHERE subscription = ? AND status = 'pending'`,
  )
  return {
    insert: ({ id, url, types, secret, status, createdAt }) => {
      insert.run(id, url, JSON.stringify(types), secret, status, createdAt)
    },
    list: () => (list.all() as unknown as Row[]).map(fromRow),
    get: (id) => {
      const row = get.get(id) as unknown as Row | undefined
      return row === undefined ? undefined : fromRow(row)
    },
    remove: (id) => {
      drop.run(id)
      return remove.run(id).changes > 0
    },
    disable: (id, error, now) => {
      disable.run(id)
      kill.run(error, now, id)
    },
  }
}

function fromRow(row: Row): Subscription {
  return { ...row, types: JSON.parse(row.types) as readonly string[] }
}
