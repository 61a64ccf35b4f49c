import type { IncomingMessage, ServerResponse } from 'node:http'
import { clearImmediate, setImmediate } from 'node:timers'
import { GIVE_UP_MS, show, startTimer } from '@svc/core/internal'
import { CLOSING, type Exchange, GONE } from './exchange.ts'

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** These are about the connection, which is the server's affair. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

/** Sends what a Fetch handler gave. @throws TypeError for what is no response, before anything is sent */
export async function sendResponse(exchange: Exchange, response: Response): Promise<void> {
  checkResponse(response)
  const { request, response: to } = exchange
  const reader = response.body?.getReader()
  if (to.destroyed) return cancel(reader)
  // An answer that is shorter or longer than it says would shift every later answer of the connection.
  to.strictContentLength = true
  to.statusCode = response.status
  if (response.statusText !== '') to.statusMessage = response.statusText
  for (const [name, value] of response.headers) {
    if (!OF_THE_CONNECTION.has(name) || (name === 'connection' && value === 'close')) to.appendHeader(name, value)
  }
  if (reader === undefined || request.method === 'HEAD') {
    to.end()
    return cancel(reader)
  }
  exchange.onClose(() => {
    if (exchange.isGone) void cancel(reader)
  })
  if (isEventSource(request, response)) endWithServer(exchange, reader)
  try {
    await pump(reader, to)
  } catch (error) {
    await cancel(reader)
    throw error
  }
}

/** An `EventSource` has no end of its own, and comes back by itself. A stream of events that was not asked for as one may well end, and is an answer as any other. */
function isEventSource({ method, headers: { accept = '' } }: IncomingMessage, { headers }: Response): boolean {
  const isStream = /^text\/event-stream\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
  return isStream && method === 'GET' && accept.toLowerCase().includes('text/event-stream')
}

/** Ends a stream between two of its pieces once the close of the server begins, and cuts one that nobody reads. */
function endWithServer(exchange: Exchange, reader: Reader): void {
  exchange.onServerClose(() => {
    void cancel(reader, CLOSING)
    exchange.onClose(startTimer(GIVE_UP_MS, () => exchange.response.destroy()))
  })
}

/** Sends a body no faster than it is taken. One that is there at once, in one piece, goes with its length. */
async function pump(reader: Reader, to: ServerResponse): Promise<void> {
  let mayHold = !to.hasHeader('content-length')
  let held: Uint8Array | undefined
  // The head and the first piece do not wait for a body that takes its time, as a stream of events does.
  const late = setImmediate(() => {
    mayHold = false
    if (to.destroyed) return
    if (held === undefined) to.flushHeaders()
    else to.write(held)
    held = undefined
  })
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (mayHold) held = checkChunk(chunk.value)
      else {
        if (held !== undefined) to.write(held)
        held = undefined
        await write(to, checkChunk(chunk.value))
      }
      mayHold = false
    }
  } finally {
    clearImmediate(late)
  }
  if (!to.destroyed) to.end(held)
}

function checkChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  throw new TypeError(`Cannot send a part of the body: expected a Uint8Array, got ${show(chunk)}`)
}

/** Waits until more can be written, or nothing ever again. */
async function write(to: ServerResponse, chunk: Uint8Array): Promise<void> {
  if (to.destroyed || to.write(chunk)) return
  const { promise, resolve } = Promise.withResolvers<void>()
  to.on('drain', resolve)
  to.on('close', resolve)
  await promise
  to.off('drain', resolve)
  to.off('close', resolve)
}

/** Tells a body that nobody wants it any more; however it takes that. */
async function cancel(reader: Reader | undefined, reason: Error = GONE): Promise<void> {
  try {
    await reader?.cancel(reason)
  } catch {
    // There is nobody left who could do anything about it.
  }
}

/** A response of another realm, or of the undici package, will do. */
function checkResponse(response: unknown): void {
  const { status, headers, body, bodyUsed } = (response ?? {}) as Partial<Response>
  const isResponse =
    typeof status === 'number' && typeof headers?.[Symbol.iterator] === 'function' && body !== undefined
  if (isResponse && status >= 200 && bodyUsed !== true && body?.locked !== true) return
  const got = isResponse ? 'one that was used, or stands for a failure' : show(response)
  throw new TypeError(`Cannot send what the handler gave: expected a Response, got ${got}`)
}
