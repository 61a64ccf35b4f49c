import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Awaitable } from '@svc/core'
import type { Exchange, Work } from './exchange.ts'
import { isRefusal, toRequest } from './fetch-request.ts'
import { sendResponse } from './fetch-response.ts'

/** A handler as `fetch` has it on its other end. */
export type FetchHandler = (request: Request) => Awaitable<Response>

/** A listener of `node:http`, which may be async. */
export type HttpListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** What answers with a handler: one that declares two parameters or more is a listener of `node:http`. */
export function workOf(handler: HttpListener | FetchHandler): Work {
  if (isListener(handler)) return ({ request, response }) => handler(request, response)
  return (exchange) => answer(exchange, handler)
}

function isListener(handler: HttpListener | FetchHandler): handler is HttpListener {
  return handler.length >= 2
}

async function answer(exchange: Exchange, handler: FetchHandler): Promise<void> {
  const request = toRequest(exchange)
  if (isRefusal(request)) sendText(exchange.response, request.status, request.message)
  else await sendResponse(exchange, await handler(request))
}

/** Ends an answer that failed: says so where nothing has been sent yet, else breaks it off. */
export function sendFailure(response: ServerResponse): void {
  if (response.headersSent) {
    if (!response.writableFinished) response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name)
  response.strictContentLength = false
  response.statusMessage = ''
  sendText(response, 500, 'Internal Server Error')
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`)
}
