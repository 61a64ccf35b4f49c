import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** A delivery that has been claimed, with what is to be sent. */
export interface ClaimedDelivery {
  readonly id: number
  readonly event: string
  readonly type: string
  /** JSON. */
  readonly data: string
  readonly traceparent: string | null
  readonly createdAt: number
  /** With the one that it was claimed for. */
  readonly attempts: number
}

export interface DeadLetter {
  readonly id: number
  readonly event: string
  readonly subscription: string
  readonly attempts: number
  readonly lastError: string
  readonly diedAt: number
}

/** The place of a dead letter in the list of them. */
export type DeadLetterPlace = Pick<DeadLetter, 'diedAt' | 'id'>

/** The deliveries in the store. */
export interface DeliveryRows {
  /** Counts an attempt of up to `limit` deliveries that are due, and gives them; they are due no more. */
  claim(subscription: string, limit: number, now: number): readonly ClaimedDelivery[]
  /** When the next one is due. */
  nextDue(subscription: string): number | undefined
  /** Takes a claim back whose attempt was not made. */
  release(id: number, now: number): void
  delivered(id: number, now: number): void
  failed(id: number, error: string, nextAttemptAt: number): void
  died(id: number, error: string, now: number): void
  /** Makes what was being attempted when the program ended due again. */
  recover(subscription: string, now: number): void
  deadLetters(after: DeadLetterPlace | undefined, limit: number): readonly DeadLetter[]
  /** Makes a dead letter pending again; `gone` when its subscription is deleted or disabled. */
  retry(event: string, subscription: string, now: number): 'pending' | 'missing' | 'gone'
}

export function createDeliveryRows(database: DatabaseSync): DeliveryRows {
  const due = database.prepare(
    `SELECT deliveries.id, events.id AS event, type, data, traceparent, created_at AS createdAt, attempts + 1 AS attempts
     FROM deliveries JOIN events ON seq = event
     WHERE subscription = ? AND status = 'pending' AND next_attempt_at <= ? ORDER BY next_attempt_at LIMIT ?`,
  )
  const claim = database.prepare('UPDATE deliveries SET attempts = attempts + 1, next_attempt_at = NULL WHERE id = ?')
  const nextDue = database.prepare(
    `SELECT min(next_attempt_at) AS at FROM deliveries
     WHERE subscription = ? AND status = 'pending' AND next_attempt_at IS NOT NULL`,
  )
  const change = (what: string) => {
    const statement = database.prepare(`UPDATE deliveries SET ${what} WHERE id = ? AND status = 'pending'`)
    return (...values: SQLInputValue[]): void => {
      statement.run(...values)
    }
  }
  const release = change('attempts = attempts - 1, next_attempt_at = ?')
  const delivered = change(`status = 'delivered', last_error = NULL, next_attempt_at = NULL, ended_at = ?`)
  const failed = change('last_error = ?, next_attempt_at = ?')
  const died = change(`status = 'dead', last_error = ?, next_attempt_at = NULL, ended_at = ?`)
  const recover = database.prepare(
    `UPDATE deliveries SET next_attempt_at = ? WHERE subscription = ? AND status = 'pending' AND next_attempt_at IS NULL`,
  )
  const deadLetters = database.prepare(
    `SELECT deliveries.id, events.id AS event, subscription, attempts, last_error AS lastError, ended_at AS diedAt
     FROM deliveries JOIN events ON seq = event
     WHERE status = 'dead' AND (ended_at, deliveries.id) > (?, ?) ORDER BY ended_at, deliveries.id LIMIT ?`,
  )
  const dead = database.prepare(
    `SELECT deliveries.id, subscriptions.status FROM deliveries
     JOIN events ON seq = event LEFT JOIN subscriptions ON subscriptions.id = subscription
     WHERE events.id = ? AND subscription = ? AND deliveries.status = 'dead'`,
  )
  const retry = database.prepare(
    `UPDATE deliveries SET status = 'pending', attempts = 0, next_attempt_at = ?, ended_at = NULL WHERE id = ?`,
  )
  return {
    claim: (subscription, limit, now) => {
      const rows = due.all(subscription, now, limit) as unknown as ClaimedDelivery[]
      for (const { id } of rows) claim.run(id)
      return rows
    },
    nextDue: (subscription) => {
      const at = nextDue.get(subscription)?.['at']
      return at === null ? undefined : Number(at)
    },
    release: (id, now) => release(now, id),
    delivered: (id, now) => delivered(now, id),
    failed: (id, error, nextAttemptAt) => failed(error, nextAttemptAt, id),
    died: (id, error, now) => died(error, now, id),
    recover: (subscription, now) => {
      recover.run(now, subscription)
    },
    deadLetters: (after, limit) =>
      deadLetters.all(after?.diedAt ?? 0, after?.id ?? 0, limit) as unknown as DeadLetter[],
    retry: (event, subscription, now) => {
      const row = dead.get(event, subscription)
      if (row === undefined) return 'missing'
      if (row['status'] !== 'active') return 'gone'
      retry.run(now, Number(row['id']))
      return 'pending'
    },
  }
}
