import { isServiceError, type Scope, type Service } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import type { Subscription } from '../store/subscriptions.ts'
import { createEndpoint, type Endpoint, type EndpointOptions } from './endpoint.ts'

/** Delivers events: a sub-service for each active subscription, which come and go. */
export interface Deliveries extends Service {
  add(subscription: Subscription): Promise<void>
  /** Ends a subscription's service, and its attempts in flight. Harmless when it has none. */
  remove(subscription: string): Promise<void>
  /** Tells that subscriptions have something new to deliver. */
  wake(subscriptions: Iterable<string>): void
}

export type DeliveriesOptions = Omit<EndpointOptions, 'onGone'>

export function createDeliveries(parent: Scope, options: DeliveriesOptions): Deliveries {
  const { store } = options
  const live = new Map<string, Endpoint>()

  const { service, engine } = createServiceEngine({
    name: 'Deliveries',
    parent,
    start: async (_engine, signal) => {
      const subscriptions = store.read(({ subscriptions }) => subscriptions.list())
      for (const subscription of subscriptions) {
        if (subscription.status === 'active') await add(subscription, signal)
      }
    },
  })

  async function add(subscription: Subscription, signal?: AbortSignal): Promise<void> {
    const endpoint = createEndpoint(engine, subscription, { ...options, onGone })
    live.set(subscription.id, await engine.startSubService(endpoint, { signal }))
  }

  async function remove(id: string): Promise<void> {
    const endpoint = live.get(id)
    if (endpoint === undefined) return
    live.delete(id)
    endpoint.abandon()
    await engine.closeSubService(endpoint)
  }

  /** Called from inside of the endpoint, which cannot wait for its own close. */
  function onGone(id: string): void {
    if (!live.has(id)) return
    engine.logger.warn({ subscription: id }, 'Disabled the subscription: its endpoint is gone')
    engine.go(() => removeGone(id), { label: 'disable' })
  }

  async function removeGone(id: string): Promise<void> {
    try {
      await remove(id)
    } catch (error) {
      // The close of the whole came first, and takes this one along
      if (!isServiceError(error, 'NOT_STARTED')) throw error
    }
  }

  return {
    ...service,
    add: (subscription) => add(subscription),
    remove,
    wake: (ids) => {
      for (const id of ids) live.get(id)?.wake()
    },
  }
}
