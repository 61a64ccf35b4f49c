import type { Scope, Service } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import type { StopContext } from '@svc/stopchan'
import type { Receiver } from './receiver.ts'

const PERIOD_MS = 400
const TYPES = ['order.created', 'order.paid', 'order.shipped']

/** Sends events to a relay, a few a second. */
export interface Source extends Service {
  begin(relayUrl: string, receivers: readonly Receiver[], signal: AbortSignal): Promise<void>
}

export function createSource(parent: Scope, { apiToken }: { readonly apiToken: string | undefined }): Source {
  const { service, engine } = createServiceEngine({ name: 'Source', parent })
  const authorization = apiToken === undefined ? {} : { authorization: `Bearer ${apiToken}` }
  let count = 0

  async function post(url: URL, body: object, signal: AbortSignal): Promise<void> {
    const headers = { 'content-type': 'application/json', ...authorization }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
    if (!response.ok) throw new Error(`Cannot post to ${url.pathname}: HTTP ${response.status}`)
    await response.body?.cancel()
  }

  async function begin(relayUrl: string, receivers: readonly Receiver[], signal: AbortSignal): Promise<void> {
    for (const { url, secret } of receivers) {
      await post(new URL('/v1/subscriptions', relayUrl), { url: url(), types: ['*'], secret }, signal)
    }
    engine.goTick({ periodMs: PERIOD_MS }, (tick) => send(new URL('/v1/events', relayUrl), tick), { label: 'send' })
  }

  async function send(url: URL, { signal }: StopContext): Promise<void> {
    // The relay takes nothing any more once it has drained, and that is no failure of the source
    if (engine.draining.aborted) return
    count += 1
    await post(url, { type: TYPES[count % TYPES.length], data: { order: count } }, signal)
  }

  return { ...service, begin }
}
