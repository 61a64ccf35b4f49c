import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Exchange } from './exchange.ts'

/** Work that a close has to wait for. */
export interface InFlight {
  readonly label: string
  readonly ended: Promise<void>
}

/** What is going on, on one connection. */
interface Connection {
  readonly exchanges: Set<Exchange>
  readonly closed: Promise<void>
  /** What it was upgraded for. */
  upgrade: string | undefined
}

/**
 * The connections of a server, and what is in flight. Node's own lists miss those that have never sent anything, those
 * that were upgraded, and handlers whose client has gone.
 */
export class Connections {
  private readonly open = new Map<Duplex, Connection>()
  private readonly running = new Map<Exchange, Connection | undefined>()
  private answersAreLast = false
  isClosing = false

  track(server: Server): void {
    server.on('connection', (socket) => {
      const closed = Promise.withResolvers<void>()
      const connection: Connection = { exchanges: new Set(), closed: closed.promise, upgrade: undefined }
      this.open.set(socket, connection)
      socket.once('close', () => {
        this.open.delete(socket)
        for (const exchange of connection.exchanges) exchange.close()
        closed.resolve()
      })
    })
  }

  add(exchange: Exchange): InFlight {
    const { socket } = exchange.request
    const connection = this.open.get(socket)
    connection?.exchanges.add(exchange)
    this.running.set(exchange, connection)
    if (this.answersAreLast) sayLast(exchange)
    if (this.isClosing) exchange.endServer()
    exchange.onClose(() => {
      connection?.exchanges.delete(exchange)
      // The head of its answer may have promised to keep the connection.
      if (this.isClosing && connection?.exchanges.size === 0) socket.destroySoon()
    })
    void exchange.ended.then(() => this.running.delete(exchange))
    return inFlight(exchange, connection)
  }

  upgrade(socket: Duplex, label: string): InFlight {
    const connection = this.open.get(socket)
    if (connection !== undefined) connection.upgrade = label
    return { label, ended: connection?.closed ?? Promise.resolve() }
  }

  /** From now on each answer is the last of its connection. */
  sayLast(): void {
    this.answersAreLast = true
    for (const exchange of this.running.keys()) sayLast(exchange)
  }

  /** From now on a connection ends with what is in flight on it. @returns all that is in flight */
  beginClose(): InFlight[] {
    this.isClosing = true
    this.sayLast()
    const found = [...this.running].map(([exchange, connection]) => inFlight(exchange, connection))
    for (const exchange of this.running.keys()) exchange.endServer()
    for (const { upgrade: label, closed: ended } of this.open.values()) {
      if (label !== undefined) found.push({ label, ended })
    }
    return found
  }

  /** Closes what is idle, also what has sent nothing yet, or half of a request's head. */
  closeIdle(): void {
    for (const [socket, { exchanges, upgrade }] of this.open) {
      if (exchanges.size === 0 && upgrade === undefined) socket.destroy()
    }
  }

  /** Ends everything at once, in the middle. */
  cut(): void {
    for (const socket of this.open.keys()) socket.destroy()
  }
}

function inFlight(exchange: Exchange, connection: Connection | undefined): InFlight {
  return { label: exchange.label, ended: exchange.ended.then(() => connection?.closed) }
}

function sayLast({ response }: Exchange): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
