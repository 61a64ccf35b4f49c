import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { isServiceError, type Scope } from '@svc/core'
import { createServiceEngine, type Engine, type EngineService } from '@svc/engine'
import { type FetchHandler, type HttpListener, workOf } from './answer.ts'
import { checkOptions } from './check-options.ts'
import { Connections } from './connections.ts'
import { Desk, type UpgradeHandler } from './desk.ts'
import { authorityOf, listen } from './listen.ts'

export type { FetchHandler, HttpListener } from './answer.ts'
export type { UpgradeHandler } from './desk.ts'

type Handler = HttpListener | FetchHandler

/** Options of {@link createHttpService}. */
export interface HttpServiceOptions<H extends Handler = Handler> {
  /** The last part of the full name. */
  readonly name: string
  /** Whose name, logger, exporters and draining it inherits. */
  readonly parent: Scope
  /** A name or an address to listen on; `'127.0.0.1'` by default. */
  readonly host?: string | undefined
  /** 0, the default, picks a free one. */
  readonly port?: number | undefined
  /**
   * Answers requests. A function that declares two parameters or more is a listener of `node:http`, and one that
   * declares fewer is a Fetch handler; wrap one that hides its parameters.
   */
  readonly handler: H
  /** Takes over a connection that asks for it, as for WebSockets; without it such a request is one as any other. */
  readonly upgrade?: UpgradeHandler | undefined
  /** Limits and time-outs of the `node:http` server; those of Node by default. */
  readonly serverOptions?: ServerOptions | undefined
}

/** A `node:http` server as a service. */
export interface HttpService extends EngineService {
  /** Where it listens, as `http://host:port`, an IPv6 address in brackets; also after the close. @throws ServiceError `NOT_STARTED` before it listens */
  url(): string
}

/**
 * Makes a server that listens when it starts, and serves to the end when it closes.
 *
 * - Start: listens, and logs where. A port that is taken is a failed start whose cause names host and port.
 * - Once the scope drains, or the close has begun, each answer says `Connection: close`.
 * - Close: stops listening, closes idle connections at once, and waits for the requests in flight: for their answers and
 *   for their handlers. When the budget ends, what is left is cut, and named in the error's `pending`. What an
 *   `EventSource` reads of a Fetch handler has no end of its own, and is ended at once.
 *
 * A handler that throws or rejects is answered with 500 and no details; its error goes to the log and to the error
 * buffer. A Fetch handler's `request.signal` aborts when the client goes away; bodies are streamed both ways.
 *
 * @throws TypeError, RangeError for wrong options
 * @example A server with a Fetch handler
 * ```ts
 * const api = createHttpService({ name: 'Api', parent: scope, port: 8080, handler: () => new Response('Hello') })
 * await api.start()
 * ```
 */
export function createHttpService(options: HttpServiceOptions<FetchHandler>): HttpService
export function createHttpService(options: HttpServiceOptions): HttpService
export function createHttpService(options: HttpServiceOptions): HttpService {
  checkOptions(options)
  const { name, parent, host = '127.0.0.1', port = 0, handler, upgrade, serverOptions = {} } = options
  // A server made in the start would stay in its context, and each request with it.
  const enclose = AsyncLocalStorage.snapshot()
  const connections = new Connections()
  const { service, engine } = createServiceEngine({ name, parent, start, close })
  const desk = new Desk(engine, connections, workOf(handler), upgrade)
  let server: Server | undefined
  let url: string | undefined

  async function start({ draining, signal: stopped, logger }: Engine, signal: AbortSignal): Promise<void> {
    const made = enclose(() => createServer(serverOptions))
    desk.serve(made)
    const taken = await enclose(() => listen(made, host, port, signal))
    made.on('error', (error) => {
      desk.report(error, 'Server failed', {})
    })
    server = made
    url = `http://${authorityOf(host, taken)}`
    draining.addEventListener('abort', sayLast)
    if (draining.aborted) sayLast()
    stopped.addEventListener('abort', undoStart, { once: true })
    logger.info({ url }, `Listening on ${url}`)
  }

  async function close({ draining }: Engine, budget: AbortSignal): Promise<void> {
    draining.removeEventListener('abort', sayLast)
    for (const inFlight of connections.beginClose()) desk.waitFor(inFlight)
    server?.once('close', () => {
      budget.removeEventListener('abort', cut)
    })
    budget.addEventListener('abort', cut)
    if (!budget.aborted) {
      // Requests that have arrived on idle connections are read first: this turn may be half over, the next is whole.
      await setImmediate()
      await setImmediate()
    }
    server?.close()
    connections.closeIdle()
    if (budget.aborted) cut()
  }

  /** A start that was aborted when the server was up already has no close. */
  function undoStart(): void {
    const refusal = service.readiness()
    if (!isServiceError(refusal) || refusal.state !== 'Starting') return
    engine.draining.removeEventListener('abort', sayLast)
    server?.close()
    cut()
  }

  function sayLast(): void {
    connections.sayLast()
  }

  function cut(): void {
    connections.cut()
  }

  return {
    ...service,
    url: () => {
      if (url === undefined) engine.assertStarted()
      return url as string
    },
  }
}
