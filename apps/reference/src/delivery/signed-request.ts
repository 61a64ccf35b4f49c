import { Webhook } from 'standardwebhooks'
import type { ClaimedDelivery } from '../store/deliveries.ts'

/** A delivery as it is sent. */
export interface SignedRequest {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** Makes the request of one attempt, signed as Standard Webhooks say: the id stays the same, the time is the attempt's. */
export function signRequest(delivery: ClaimedDelivery, secret: string, now: Date, traceparent: string): SignedRequest {
  const { event, type, data, createdAt } = delivery
  const timestamp = new Date(createdAt).toISOString()
  // The data goes out as it was stored, not parsed and written anew
  const body = `{"type":${JSON.stringify(type)},"timestamp":"${timestamp}","data":${data}}`
  return {
    body: Buffer.from(body),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'svc-relay',
      'webhook-id': event,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(event, now, body),
      traceparent,
    },
  }
}
