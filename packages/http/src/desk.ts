import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorTree, toError } from '@svc/core'
import { isThenable } from '@svc/core/internal'
import type { Engine } from '@svc/engine'
import { sendFailure } from './answer.ts'
import type { Connections, InFlight } from './connections.ts'
import { Exchange, GONE, labelOf, type Work } from './exchange.ts'

/**
 * Takes over a connection. The signal aborts when the close of the service begins: time to say goodbye. The close waits
 * for the connection to end, and cuts it when the budget does.
 */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, signal: AbortSignal) => unknown

/** Where requests come in, and what becomes of them. */
export class Desk {
  private readonly engine: Engine
  private readonly connections: Connections
  private readonly work: Work
  private readonly upgrade: UpgradeHandler | undefined

  constructor(engine: Engine, connections: Connections, work: Work, upgrade: UpgradeHandler | undefined) {
    this.engine = engine
    this.connections = connections
    this.work = work
    this.upgrade = upgrade
  }

  serve(server: Server): void {
    const { connections, upgrade } = this
    connections.track(server)
    server.on('request', (request, response) => {
      const exchange = new Exchange(request, response)
      const inFlight = connections.add(exchange)
      if (connections.isClosing) this.waitFor(inFlight)
      const fail = (error: unknown): void => {
        this.fail(exchange, error)
      }
      response.on('error', fail)
      exchange.run(this.work, fail)
    })
    if (upgrade === undefined) return
    server.on('upgrade', (request, socket, head) => {
      const inFlight = connections.upgrade(socket, labelOf(request))
      if (connections.isClosing) this.waitFor(inFlight)
      this.takeOver(upgrade, request, socket, head)
    })
  }

  /** Has the close wait for it, by its name. Not before: a task for each request would cost more than most requests do. */
  waitFor({ label, ended }: InFlight): void {
    try {
      this.engine.go(() => ended, { label })
    } catch {
      // The close has given up already.
      this.connections.cut()
    }
  }

  /** Tells the log and the health. */
  report(error: Error, message: string, fields: object): void {
    this.engine.emitHealthError(error)
    this.engine.logger.error({ ...fields, err: error }, message)
  }

  private fail(exchange: Exchange, thrown: unknown): void {
    const error = toError(thrown)
    const { label: request } = exchange
    if (exchange.isGone && isEcho(error, exchange)) {
      this.engine.logger.debug({ request, err: error }, 'Request was given up')
      return
    }
    this.report(error, 'Request failed', { request })
    sendFailure(exchange.response)
  }

  private takeOver(upgrade: UpgradeHandler, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fail = (error: unknown): void => {
      this.report(toError(error), 'Upgrade failed', { request: labelOf(request) })
      socket.destroy()
    }
    // Node has taken its own listener off, and a reset must not end the process.
    socket.on('error', () => {})
    try {
      const result = upgrade(request, socket, head, this.engine.signal)
      if (isThenable(result)) result.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
  }
}

/** Whether a failure only hands on that the client has gone. A listener has no signal that would tell. */
function isEcho(error: Error, exchange: Exchange): boolean {
  if (!exchange.hasSignal) return true
  for (const part of errorTree(error)) if (part === GONE) return true
  return false
}
