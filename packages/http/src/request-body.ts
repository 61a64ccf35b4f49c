import type { IncomingMessage } from 'node:http'
import { type Exchange, GONE } from './exchange.ts'

const SENT = new Error('The answer has been sent')

/**
 * The body of a request as a stream that reads no faster than it is read, or `null` when there is none. What the handler
 * leaves of it is drained once the answer is sent, so that the connection can be used again.
 */
export function bodyOf(exchange: Exchange): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  const { request } = exchange
  if (!hasBody(request)) return null
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
  let state: 'unread' | 'reading' | 'over' = 'unread'
  function take(chunk: Buffer<ArrayBuffer>): void {
    controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    if ((controller.desiredSize ?? 0) <= 0) request.pause()
  }
  function finish(): void {
    if (state === 'over') return
    stop()
    controller.close()
  }
  /** Lets the rest flow away. */
  function stop(): void {
    state = 'over'
    request.off('data', take)
    request.off('end', finish)
    request.resume()
  }
  exchange.onClose(() => {
    if (state === 'over') return
    stop()
    controller.error(exchange.isGone ? GONE : SENT)
  })
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start: (it) => {
        controller = it
      },
      pull: () => {
        if (state === 'unread') {
          state = 'reading'
          request.on('data', take)
          request.on('end', finish)
        }
        request.resume()
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  )
}

function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
