import { getEventListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { isServiceError } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { get, openClient, untilRefused } from './fixtures/client.ts'
import { run, type Running } from './fixtures/service.ts'
import type { HttpListener } from './index.ts'

/** A Fetch handler that answers when it is told to. */
function gate(): {
  handler: (request: Request) => Promise<Response>
  arrived: Promise<Request>
  open(text: string): void
} {
  const arrived = Promise.withResolvers<Request>()
  const answer = Promise.withResolvers<string>()
  return {
    arrived: arrived.promise,
    open: answer.resolve,
    handler: async (request) => {
      if (new URL(request.url).pathname !== '/slow') return new Response('quick')
      arrived.resolve(request)
      return new Response(await answer.promise)
    },
  }
}

/** Closes with a budget that has not ended yet. */
function closeWithin({ service }: Running): { closed: Promise<unknown>; budget: AbortController } {
  const budget = new AbortController()
  return { closed: service.close(budget.signal).catch((error: unknown) => error), budget }
}

const outOfTime = new Error('out of time')

function pendingOf(error: unknown): string[] {
  if (!isServiceError(error)) throw error
  return error.pending.map(({ service, kind, label }) => `${service} ${kind} ${label}`)
}

describe('Connection: close', () => {
  it('is on every answer once the scope drains, also on that of a request in flight', async () => {
    const { handler, arrived, open } = gate()
    const { url, scope } = await run({ handler })
    const [busy, idle] = await Promise.all([openClient(url), openClient(url)])
    busy.send(get('/slow'))
    idle.send(get('/'))
    expect(await idle.until('quick')).toContain('Connection: keep-alive')
    await arrived
    scope.drain()
    open('slow')
    idle.send(get('/'))
    expect((await idle.closed).split('quick')[1]).toContain('Connection: close')
    expect(await busy.closed).toContain('Connection: close')
    const late = await openClient(url)
    late.send(get('/'))
    expect(await late.closed).toMatch(/Connection: close[^]*quick/)
  })

  it('is on the answers of a listener as well, and of a failure', async () => {
    const handler: HttpListener = (request, response) => {
      if (request.url === '/bad') throw new Error('bad')
      response.writeHead(200, { 'X-Mine': '1' }).end('listener')
    }
    const { url, scope } = await run({ handler })
    scope.drain()
    for (const path of ['/', '/bad']) {
      const client = await openClient(url)
      client.send(get(path))
      expect(await client.closed).toContain('Connection: close')
    }
  })

  it('is on the answers of a service that starts while its scope drains', async () => {
    const { url, scope, service } = await run({ handler: () => new Response() })
    scope.drain()
    await service.close()
    const { url: late } = await run({ handler: () => new Response(), parent: scope })
    expect([(await fetch(late)).headers.get('connection'), late === url]).toEqual(['close', false])
  })
})

describe('a close', () => {
  it('lets a request in flight end with its whole answer', async () => {
    const { handler, arrived, open } = gate()
    const running = await run({ handler })
    const client = await openClient(running.url)
    const log: string[] = []
    client.send(get('/slow'))
    await arrived
    const closed = running.service.close().then(() => log.push('closed'))
    await untilRefused(running.url)
    log.push('released')
    open('whole')
    const text = await client.closed
    await closed
    expect(log).toEqual(['released', 'closed'])
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close[^]*whole$/)
  })

  it('closes at once what is idle, silent, or has sent half of a head', async () => {
    const { service, url } = await run({ handler: () => new Response('quick') })
    const [idle, silent, half] = await Promise.all([openClient(url), openClient(url), openClient(url)])
    idle.send(get('/'))
    await idle.until('quick')
    half.send('GET / HTTP/1.1\r\nHost: exam')
    await service.close()
    expect(await Promise.all([silent.closed, half.closed])).toEqual(['', ''])
    expect(await idle.closed).toContain('quick')
  })

  it('still answers a request that has arrived on an idle connection, and waits for it', async () => {
    const { handler, open } = gate()
    const { service, url } = await run({ handler })
    const client = await openClient(url)
    client.send(get('/'))
    await client.until('quick')
    const log: string[] = []
    client.send(get('/slow'))
    const closed = service.close().then(() => log.push('closed'))
    await untilRefused(url)
    log.push('released')
    open('slow')
    await closed
    expect(log).toEqual(['released', 'closed'])
    expect(await client.closed).toMatch(/quick[^]*Connection: close[^]*slow$/)
  })

  it('ends a connection whose answer had promised to keep it', async () => {
    const head = Promise.withResolvers<ServerResponse>()
    const handler: HttpListener = (_request, response) => {
      response.write('first ')
      head.resolve(response)
    }
    const { service, url } = await run({ handler })
    const client = await openClient(url)
    client.send(get('/'))
    expect(await client.until('first')).toContain('Connection: keep-alive')
    const closed = service.close()
    await untilRefused(url)
    const response = await head.promise
    response.end('last')
    await closed
    expect(await client.closed).toContain('last')
  })

  it('waits for a handler whose client has gone: what it uses must not close before', async () => {
    const { handler, arrived, open } = gate()
    const { service, url } = await run({ handler })
    const client = await openClient(url)
    client.send(get('/slow'))
    const { signal } = await arrived
    client.socket.destroy()
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve)
    })
    const log: string[] = []
    const closed = service.close().then(() => log.push('closed'))
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    log.push('released')
    open('nobody reads it')
    await closed
    expect(log).toEqual(['released', 'closed'])
  })

  it('leaves no listener on the signals that it was given', async () => {
    const { service, scope, url } = await run({ handler: () => new Response('quick') })
    const client = await openClient(url)
    client.send(get('/'))
    await client.until('quick')
    const budget = new AbortController()
    await service.close(budget.signal)
    await client.closed
    await new Promise(setImmediate)
    expect([getEventListeners(scope.draining, 'abort'), getEventListeners(budget.signal, 'abort')]).toEqual([[], []])
  })
})

describe('the end of the budget', () => {
  it('cuts a request whose handler hangs, names it, and aborts its signal', async () => {
    const { handler, arrived } = gate()
    const running = await run({ handler })
    const client = await openClient(running.url)
    client.send(get('/slow?token=secret'))
    const { signal } = await arrived
    const { closed, budget } = closeWithin(running)
    await untilRefused(running.url)
    budget.abort(outOfTime)
    expect(pendingOf(await closed)).toEqual(['Api task GET /slow'])
    expect(await client.closed).toBe('')
    expect(signal.aborted).toBe(true)
  })

  it('cuts a client that never reads', async () => {
    const piece = new Uint8Array(65_536)
    const running = await run({
      handler: () => new Response(new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(piece) })),
    })
    const client = await openClient(running.url)
    client.socket.pause()
    client.send(get('/endless'))
    client.socket.once('readable', () => {})
    await new Promise((resolve) => client.socket.once('readable', resolve))
    const { closed, budget } = closeWithin(running)
    await untilRefused(running.url)
    budget.abort(outOfTime)
    expect(pendingOf(await closed)).toEqual(['Api task GET /endless'])
    client.socket.resume()
    await client.closed
  })

  it('cuts a client that never sends the rest of its body', async () => {
    const arrived = Promise.withResolvers<void>()
    const running = await run({
      handler: async (request: Request) => {
        arrived.resolve()
        return new Response(await request.text())
      },
    })
    const client = await openClient(running.url)
    client.send('POST /half HTTP/1.1\r\nHost: example\r\nContent-Length: 10\r\n\r\nhalf')
    await arrived.promise
    const { closed, budget } = closeWithin(running)
    budget.abort(outOfTime)
    expect(pendingOf(await closed)).toEqual(['Api close close', 'Api task POST /half'])
    await client.closed
    expect(running.service.healthReport().get('Api')?.message).not.toContain('gone')
  })

  it('that has come already leaves nothing open', async () => {
    const { handler, arrived } = gate()
    const { service, url } = await run({ handler })
    const client = await openClient(url)
    client.send(get('/slow'))
    await arrived
    await expect(service.close(AbortSignal.abort(outOfTime))).rejects.toMatchObject({ code: 'TIMEOUT' })
    await client.closed
    await expect(openClient(url)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('an upgrade', () => {
  const ask = 'GET /chat HTTP/1.1\r\nHost: example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
  const accept = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'

  it('is a request as any other without a handler for it', async () => {
    const { url } = await run({ handler: (request: Request) => new Response(request.headers.get('upgrade')) })
    const client = await openClient(url)
    client.send(ask)
    expect(await client.until('echo')).toContain('200 OK')
    client.socket.destroy()
  })

  it('hears of the close, which waits for it', async () => {
    const { service, url } = await run({
      handler: () => new Response(),
      upgrade: (_request, socket, _head, signal) => {
        socket.write(accept)
        signal.addEventListener('abort', () => socket.end('goodbye'))
      },
    })
    const client = await openClient(url)
    client.send(ask)
    await client.until('101 Switching')
    await service.close()
    expect(await client.closed).toContain('goodbye')
  })

  it('is cut at the end of the budget, and named', async () => {
    const running = await run({
      handler: () => new Response(),
      upgrade: (_request, socket) => void socket.write(accept),
    })
    const client = await openClient(running.url)
    client.send(ask)
    await client.until('101 Switching')
    const { closed, budget } = closeWithin(running)
    await untilRefused(running.url)
    budget.abort(outOfTime)
    expect(pendingOf(await closed)).toEqual(['Api task GET /chat'])
    await client.closed
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no chat')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no chat'))],
  ])('whose handler %s ends its connection only', async (_what, upgrade) => {
    const { service, url, log } = await run({ handler: () => new Response('quick'), upgrade })
    const client = await openClient(url)
    client.send(ask)
    expect(await client.closed).toBe('')
    expect(log).toContain('error Upgrade failed GET /chat no chat')
    expect(service.healthReport().get('Api')?.message).toBe('no chat')
    expect(await (await fetch(url)).text()).toBe('quick')
  })
})

describe('an event stream', () => {
  const ACCEPT = 'Accept: text/event-stream\r\n'

  /** A stream of events that says one thing, and has no end. */
  function endless(): { handler: () => Response; cancelled: Promise<unknown> } {
    const cancelled = Promise.withResolvers<unknown>()
    const handler = (): Response => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('data: first\n\n'))
        },
        cancel: cancelled.resolve,
      })
      return new Response(body, { headers: { 'Content-Type': 'text/event-stream; charset=utf-8' } })
    }
    return { handler, cancelled: cancelled.promise }
  }

  it('that an EventSource reads is ended when the close begins, between two of its pieces', async () => {
    const { handler, cancelled } = endless()
    const { url, service, scope } = await run({ handler })
    const client = await openClient(url)
    client.send(get('/', ACCEPT))
    await client.until('data: first\n\n')
    scope.drain()
    // No budget: it need not end for this to end.
    await service.close()
    expect(await client.closed).toMatch(/data: first\n\n\r\n0\r\n\r\n$/)
    expect(await cancelled).toMatchObject({ message: 'The server is closing' })
  })

  it('that begins during the close is ended too', async () => {
    const stream = endless()
    const arrived = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const { url, service } = await run({
      handler: async () => {
        arrived.resolve()
        await release.promise
        return stream.handler()
      },
    })
    const client = await openClient(url)
    client.send(get('/', ACCEPT))
    await arrived.promise
    const closed = service.close()
    release.resolve()
    await closed
    expect(await client.closed).toContain('0\r\n\r\n')
    expect(await stream.cancelled).toMatchObject({ message: 'The server is closing' })
  })

  it('that nobody takes is cut', async () => {
    const { url, service } = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => {
              controller.enqueue(new Uint8Array(1_000_000))
            },
          }),
          { headers: { 'Content-Type': 'text/event-stream' } },
        ),
    })
    const client = await openClient(url)
    client.send(get('/', ACCEPT))
    await client.until('event-stream')
    client.socket.pause()
    await service.close()
    expect(service.readiness()).toMatchObject({ state: 'Stopped' })
    client.socket.destroy()
  })

  it('that was not asked for as one is waited for as any answer', async () => {
    const release = Promise.withResolvers<void>()
    const running = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: async (controller) => {
              controller.enqueue(new TextEncoder().encode('first'))
              await release.promise
              controller.enqueue(new TextEncoder().encode('last'))
              controller.close()
            },
          }),
          { headers: { 'Content-Type': 'text/event-stream' } },
        ),
    })
    const client = await openClient(running.url)
    client.send(get('/'))
    await client.until('first')
    const { closed } = closeWithin(running)
    release.resolve()
    expect(await closed).toBeUndefined()
    expect(await client.closed).toContain('last')
  })
})
