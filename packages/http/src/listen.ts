import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A host and a port as they stand in a URL: an IPv6 address in brackets. */
export function authorityOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * Begins to listen. Resolves to the port, rejects with an error that names host and port, or with the signal's reason;
 * a server that comes up after that is closed again.
 */
export function listen(server: Server, host: string, port: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      signal.removeEventListener('abort', abort)
      server.off('error', fail)
      server.off('listening', succeed)
    }
    const succeed = (): void => {
      end()
      resolve((server.address() as AddressInfo).port)
    }
    const fail = (error: NodeJS.ErrnoException): void => {
      end()
      const why = REASONS[error.code ?? ''] ?? error.message
      reject(new Error(`Cannot listen on ${authorityOf(host, port)}: ${why}`, { cause: error }))
    }
    const abort = (): void => {
      end()
      // The look-up of a host name cannot be called off.
      server.once('listening', () => server.close())
      server.once('error', () => {})
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort)
    server.on('error', fail)
    server.on('listening', succeed)
    server.listen(port, host)
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'the process may not use this port',
  EADDRNOTAVAIL: 'this machine does not have this address',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'the host could not be looked up',
}
