import { randomBytes } from 'node:crypto'
import type { Hono } from 'hono'
import type { Subscription } from '../store/subscriptions.ts'
import type { ApiOptions } from './api.ts'
import { Problem } from './problem.ts'
import { readSubscription } from './requests.ts'
import { addRoutes } from './routes.ts'

export function addSubscriptionRoutes(app: Hono, { store, deliveries, guard }: ApiOptions): void {
  addRoutes(app, '/v1/subscriptions', {
    GET: (c) => c.json({ items: store.read(({ subscriptions }) => subscriptions.list()).map(shown) }),
    POST: async (c) => {
      const { url, types, secret = createSecret() } = await readSubscription(c.req)
      const refusal = await guard.refusal(new URL(url))
      if (refusal !== undefined) {
        throw new Problem(422, 'The endpoint is refused', { errors: [{ path: 'url', message: refusal }] })
      }
      const id = `sub_${randomBytes(8).toString('hex')}`
      const subscription: Subscription = { id, url, types, secret, status: 'active', createdAt: Date.now() }
      await store.write(({ subscriptions }) => {
        subscriptions.insert(subscription)
      })
      await deliveries.add(subscription)
      return c.json({ ...shown(subscription), secret }, 201, { location: `/v1/subscriptions/${id}` })
    },
  })

  addRoutes(app, '/v1/subscriptions/:id', {
    GET: (c) => {
      const id = c.req.param('id') ?? ''
      const subscription = store.read(({ subscriptions }) => subscriptions.get(id))
      if (subscription === undefined) throw notFound(id)
      return c.json(shown(subscription))
    },
    DELETE: async (c) => {
      const id = c.req.param('id') ?? ''
      if (!(await store.write(({ subscriptions }) => subscriptions.remove(id)))) throw notFound(id)
      await deliveries.remove(id)
      return c.body(null, 204)
    },
  })
}

/** Without the secret, which is shown once. */
function shown({ id, url, types, status, createdAt }: Subscription): object {
  return { id, url, types, status, createdAt: new Date(createdAt).toISOString() }
}

function createSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`
}

function notFound(id: string): Problem {
  return new Problem(404, `There is no subscription ${JSON.stringify(id)}`)
}
