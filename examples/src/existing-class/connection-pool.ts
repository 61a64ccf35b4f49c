import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A pool of connections to a Redis server, as it was before: it knows of nothing here, and nothing in it was changed. */
export class ConnectionPool {
  readonly #host: string
  readonly #port: number
  readonly #size: number
  readonly #idle: Socket[] = []

  constructor(host: string, port: number, size = 2) {
    this.#host = host
    this.#port = port
    this.#size = size
  }

  async open(): Promise<void> {
    try {
      while (this.#idle.length < this.#size) this.#idle.push(await this.#connect())
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Asks the server whether it is there; rejects when it does not answer as it should. */
  async ping(): Promise<void> {
    const socket = this.#idle.pop() ?? (await this.#connect())
    try {
      socket.write('PING\r\n')
      const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(1_000) })) as [Buffer]
      if (!answer.toString().startsWith('+PONG'))
        throw new Error(`The server answered ${JSON.stringify(String(answer))}`)
      this.#idle.push(socket)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#idle.splice(0)) socket.destroy()
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#port, this.#host)
    await once(socket, 'connect')
    // One that the server has closed is no longer there to be used
    socket.once('close', () => {
      const at = this.#idle.indexOf(socket)
      if (at >= 0) this.#idle.splice(at, 1)
    })
    socket.on('error', () => {})
    return socket
  }
}
