import { Agent as HttpAgent, type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { TargetGuard } from './target-guard.ts'

/** More of an answer than this is not read. */
const MOST_BYTES = 65_536

/** What came of an attempt: an answer, or why there is none. */
export type Answer =
  | { readonly status: number; readonly retryAfter: string | undefined }
  | { readonly error: string; readonly isAborted: boolean }

/** Sends requests to one endpoint. */
export interface Sender {
  /** Never rejects, and ends at the time-out at the latest. Redirects are answers like any other. */
  send(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer>
  /** Closes the connections that are idle. */
  close(): void
}

export interface SenderOptions {
  readonly url: URL
  readonly guard: TargetGuard
  readonly timeoutMs: number
}

export function createSender({ url, guard, timeoutMs }: SenderOptions): Sender {
  const isHttps = url.protocol === 'https:'
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const request = isHttps ? requestHttps : requestHttp

  function send(body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const refused = guard.addressRefusal(url.hostname)
    if (refused !== undefined) return Promise.resolve({ error: refused, isAborted: false })
    return new Promise((resolve) => {
      let answer: Answer | undefined
      let isOver = false
      const outgoing = request(url, {
        method: 'POST',
        agent,
        lookup: guard.lookup,
        headers: { ...headers, 'content-length': String(body.length) },
      })
      const end = (otherwise: Answer | Promise<Answer>): void => {
        isOver = true
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        resolve(answer ?? otherwise)
      }
      const abort = (): void => {
        end({ error: 'given up, as the relay stops', isAborted: true })
        outgoing.destroy()
      }
      const timer = setTimeout(() => {
        end({ error: `no answer within ${timeoutMs} ms`, isAborted: false })
        outgoing.destroy()
      }, timeoutMs)
      signal.addEventListener('abort', abort)
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        // The endpoint closed an idle connection just as it was used again: that says nothing about the endpoint
        const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET' && !isOver
        end(isStale ? send(body, headers, signal) : { error: describe(error), isAborted: false })
      })
      outgoing.on('response', (response) => {
        answer = { status: response.statusCode ?? 0, retryAfter: header(response.headers, 'retry-after') }
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          if ((bytes += chunk.length) > MOST_BYTES) outgoing.destroy()
        })
        // Read to its end, so that the connection can be used again
        response.on('close', () => {
          end({ error: 'no answer', isAborted: false })
        })
      })
      if (signal.aborted) abort()
      else outgoing.end(body)
    })
  }

  return {
    send,
    close: () => {
      agent.destroy()
    },
  }
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** One attempt on several addresses fails with one error each, and a message that is empty. */
function describe(error: Error): string {
  const { errors } = error as { readonly errors?: readonly Error[] }
  return error.message || errors?.map((part) => part.message).join('; ') || error.name
}
