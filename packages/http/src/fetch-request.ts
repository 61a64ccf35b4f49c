import type { IncomingMessage } from 'node:http'
import { type Exchange, GONE } from './exchange.ts'
import { authorityOf } from './listen.ts'
import { bodyOf } from './request-body.ts'

/** What a Fetch handler cannot be given, and what the client is told instead. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

/** `fetch` knows no requests with these methods. */
const UNKNOWN_METHODS: readonly (string | undefined)[] = ['TRACE', 'TRACK', 'CONNECT']

/** A request as `fetch` knows it; its signal aborts when the client goes away before it has the whole answer. */
export function toRequest(exchange: Exchange): Request | Refusal {
  const { request } = exchange
  if (UNKNOWN_METHODS.includes(request.method)) return { status: 501, message: 'Not Implemented' }
  const url = urlOf(request)
  if (url === undefined) return { status: 400, message: 'Bad Request' }
  const controller = new AbortController()
  exchange.hasSignal = true
  exchange.onClose(() => {
    if (exchange.isGone) controller.abort(GONE)
  })
  const { method = 'GET' } = request
  const { signal } = controller
  return new Request(url, { method, headers: headersOf(request), signal, body: bodyOf(exchange), duplex: 'half' })
}

export function isRefusal(value: Request | Refusal): value is Refusal {
  return !(value instanceof Request)
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    headers.push([rawHeaders[i] as string, rawHeaders[i + 1] as string])
  return headers
}

/** The whole URL, from the `Host` header; an absolute one, as a proxy is sent, is taken as it is. */
function urlOf({ url = '', headers, socket }: IncomingMessage): string | undefined {
  if (!url.startsWith('/')) return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined
  // Only HTTP/1.0 may leave it out.
  const host = headers.host ?? authorityOf(socket.localAddress ?? 'localhost', socket.localPort ?? 80)
  // Put together, not resolved: the path `//evil.example/` is a path.
  return /^[^\s/?#@\\]+$/.test(host) && URL.canParse(`http://${host}${url}`) ? `http://${host}${url}` : undefined
}
