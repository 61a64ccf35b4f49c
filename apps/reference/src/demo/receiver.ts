import { type Scope, sleep } from '@svc/core'
import { createHttpService, type HttpService } from '@svc/http'
import { Webhook } from 'standardwebhooks'

/** An endpoint on this machine. */
export interface Receiver extends HttpService {
  /** What it has signatures checked with. */
  readonly secret: string
}

export interface ReceiverOptions {
  readonly name: string
  /** The status of the answer to a delivery that is signed right. */
  readonly status: () => number
  readonly delayMs?: number | undefined
}

export function createReceiver(parent: Scope, { name, status, delayMs = 0 }: ReceiverOptions): Receiver {
  const secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
  const webhook = new Webhook(secret)

  async function receive(request: Request): Promise<Response> {
    const body = await request.text()
    try {
      webhook.verify(body, Object.fromEntries(request.headers))
    } catch {
      return new Response('The signature is wrong', { status: 401 })
    }
    await sleep(delayMs, { signal: request.signal })
    return new Response(null, { status: status() })
  }

  return { ...createHttpService({ name, parent, port: 0, handler: receive }), secret }
}
