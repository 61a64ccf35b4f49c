import { createHash, randomBytes } from 'node:crypto'
import type { Hono } from 'hono'
import { isTraceparent } from '../delivery/trace.ts'
import type { DeadLetter } from '../store/deliveries.ts'
import type { DeliveryStatus } from '../store/events.ts'
import type { ApiOptions } from './api.ts'
import { Problem } from './problem.ts'
import { readEvent, readIdempotencyKey, readPage } from './requests.ts'
import { addRoutes } from './routes.ts'

/** How long to wait while too much is pending. */
const RETRY_AFTER_SECONDS = 5

export function addEventRoutes(app: Hono, { store, deliveries, maxPending }: ApiOptions): void {
  addRoutes(app, '/v1/events', {
    POST: async (c) => {
      const idempotencyKey = readIdempotencyKey(c.req)
      const { type, data } = await readEvent(c.req)
      const json = JSON.stringify(data)
      const digest = createHash('sha256').update(JSON.stringify(type)).update(json).digest('base64')
      const header = c.req.header('traceparent')
      const traceparent = isTraceparent(header) ? header : undefined
      const id = `evt_${randomBytes(16).toString('hex')}`
      const event = { id, type, data: json, traceparent, idempotencyKey, digest, createdAt: Date.now() }
      const acceptance = await store.write(({ events }) => events.accept(event))
      switch (acceptance.kind) {
        case 'accepted':
          deliveries.wake(acceptance.subscriptions)
          return c.json({ id }, 202)
        case 'repeated':
          return c.json({ id: acceptance.id }, 202)
        case 'conflict':
          throw new Problem(409, 'This Idempotency-Key has been used with another body')
        case 'full':
          throw new Problem(503, `Expected fewer than ${maxPending} pending deliveries: try again later`, {
            headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
          })
      }
    },
  })

  addRoutes(app, '/v1/events/:id', {
    GET: (c) => {
      const id = c.req.param('id') ?? ''
      const event = store.read(({ events }) => events.get(id))
      if (event === undefined) throw new Problem(404, `There is no event ${JSON.stringify(id)}`)
      const { type, createdAt, deliveries } = event
      return c.json({ id, type, createdAt: iso(createdAt), deliveries: deliveries.map(shownDelivery) })
    },
  })

  addRoutes(app, '/v1/dead-letters', {
    GET: (c) => {
      const { after, limit } = readPage(c.req)
      const letters = store.read(({ deliveries }) => deliveries.deadLetters(after, limit + 1))
      const items = letters.slice(0, limit)
      const last = letters.length > limit ? items.at(-1) : undefined
      const next = last === undefined ? null : `${last.diedAt}-${last.id}`
      return c.json({ items: items.map(shownDeadLetter), next })
    },
  })

  addRoutes(app, '/v1/dead-letters/:event/:subscription/retry', {
    POST: async (c) => {
      const { event = '', subscription = '' } = c.req.param() as Readonly<Record<string, string>>
      const outcome = await store.write(({ deliveries }) => deliveries.retry(event, subscription, Date.now()))
      if (outcome === 'missing') throw new Problem(404, 'There is no such dead letter')
      if (outcome === 'gone') throw new Problem(409, 'The subscription is deleted or disabled: nothing is sent to it')
      deliveries.wake([subscription])
      return c.json({ event, subscription, status: 'pending' }, 202)
    },
  })
}

function shownDelivery(delivery: DeliveryStatus): object {
  const { subscription, status, attempts, lastError, nextAttemptAt, endedAt } = delivery
  const deliveredAt = status === 'delivered' ? endedAt : null
  return { subscription, status, attempts, lastError, nextAttemptAt: iso(nextAttemptAt), deliveredAt: iso(deliveredAt) }
}

function shownDeadLetter({ event, subscription, attempts, lastError, diedAt }: DeadLetter): object {
  return { event, subscription, attempts, lastError, diedAt: iso(diedAt) }
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
