import { describe, expect, it } from 'vitest'
import { get, openClient } from './fixtures/client.ts'
import { healthOf, run } from './fixtures/service.ts'
import type { FetchHandler, HttpListener } from './index.ts'

const encoder = new TextEncoder()

describe('the request of a Fetch handler', () => {
  it('has the method, the whole url and all headers', async () => {
    const seen: unknown[] = []
    const { url } = await run({
      handler: ({ method, url, headers, body }: Request) => {
        seen.push(method, url, headers.get('x-one'), headers.get('cookie'), body)
        return new Response()
      },
    })
    const client = await openClient(url)
    const headers = 'X-One: a\r\nX-One: b\r\nCookie: c=1\r\nConnection: close\r\n'
    client.send(`OPTIONS /path/%20?q=1&q=2 HTTP/1.1\r\nHost: example:81\r\n${headers}\r\n`)
    await client.closed
    expect(seen).toEqual(['OPTIONS', 'http://example:81/path/%20?q=1&q=2', 'a, b', 'c=1', null])
  })

  it.each<[string, string, string]>([
    ['a path that looks like a host', get('//evil.example/x'), 'http://example//evil.example/x'],
    ['an absolute target', get('http://proxied.example/x'), 'http://proxied.example/x'],
    ['no host, as HTTP/1.0 may', 'GET /x HTTP/1.0\r\n\r\n', 'http://127.0.0.1:PORT/x'],
    ['an IPv6 host', 'GET /x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', 'http://[::1]:8080/x'],
  ])('has the right url for %s', async (_what, text, expected) => {
    const { url } = await run({ handler: (request: Request) => new Response(`<${request.url}>`) })
    const client = await openClient(url)
    client.send(text)
    expect(await client.until('>')).toContain(`<${expected.replace('PORT', new URL(url).port)}>`)
    client.socket.destroy()
  })

  it.each<[string, string, string]>([
    ['a host that is none', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', '400 Bad Request'],
    ['a host with a path', 'GET / HTTP/1.1\r\nHost: example/x?\r\n\r\n', '400 Bad Request'],
    ['a host with a name before it', 'GET / HTTP/1.1\r\nHost: me@example\r\n\r\n', '400 Bad Request'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['a target that is no path', 'OPTIONS * HTTP/1.1\r\nHost: example\r\n\r\n', '400 Bad Request'],
    ['a method that fetch does not know', 'TRACE / HTTP/1.1\r\nHost: example\r\n\r\n', '501 Not Implemented'],
  ])('does not come for %s', async (_what, text, status) => {
    let calls = 0
    const running = await run({ handler: (_request: Request) => new Response(`${calls++}`) })
    const client = await openClient(running.url)
    client.send(text)
    expect(await client.until('\r\n\r\n')).toContain(`HTTP/1.1 ${status}`)
    expect([calls, healthOf(running)]).toEqual([0, undefined])
    client.socket.destroy()
  })

  it('has a body that streams, as the answer does', async () => {
    const handler: FetchHandler = (request) => new Response(request.body?.pipeThrough(new TransformStream()))
    const { url } = await run({ handler })
    const client = await openClient(url)
    client.send('POST / HTTP/1.1\r\nHost: example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n')
    for (const part of ['one', 'two', 'six']) {
      client.send(`3\r\n${part}\r\n`)
      await client.until(part)
    }
    client.send('0\r\n\r\n')
    expect(await client.closed).toMatch(/one\r\n3\r\ntwo\r\n3\r\nsix\r\n0\r\n\r\n$/)
  })

  it('takes big bodies both ways', async () => {
    const { url } = await run({ handler: (request: Request) => new Response(request.body) })
    const body = new Uint8Array(8_000_000).map((_, at) => at % 251)
    const answer = await (await fetch(url, { method: 'PUT', body })).bytes()
    expect(Buffer.compare(answer, body)).toBe(0)
  })

  it('reads no faster than the handler does', async () => {
    const read = Promise.withResolvers<void>()
    const { url } = await run({
      handler: async (request: Request) => {
        const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader()
        let length = 0
        for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
          length += part.value.length
          await read.promise
        }
        return new Response(`${length}`)
      },
    })
    const client = await openClient(url)
    const length = 64 * 1024 * 1024
    client.send(`POST / HTTP/1.1\r\nHost: example\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`)
    const rest = Promise.withResolvers<void>()
    let isTaken = false
    client.socket.write(Buffer.alloc(length), () => {
      isTaken = true
      rest.resolve()
    })
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(isTaken).toBe(false)
    read.resolve()
    await rest.promise
    expect(await client.closed).toContain(`${length}`)
  })

  it.each<[string, (request: Request) => unknown]>([
    ['does not touch', () => undefined],
    ['reads a part of', (request) => request.body?.getReader().read()],
    ['cancels', (request) => request.body?.cancel()],
    [
      'begins to read and cancels',
      async (request) => {
        const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader()
        await reader?.read()
        await reader?.cancel()
      },
    ],
  ])('may leave a body that the handler %s, and the connection is used again', async (_what, use) => {
    const { url } = await run({
      handler: async (request: Request) => {
        await use(request)
        return new Response(`answer to ${request.method}`)
      },
    })
    const client = await openClient(url)
    client.send('POST / HTTP/1.1\r\nHost: example\r\nContent-Length: 200000\r\n\r\n')
    client.socket.write(Buffer.alloc(100_000))
    await client.until('answer to POST')
    client.socket.write(Buffer.alloc(100_000))
    client.send(get('/', 'Connection: close\r\n'))
    expect(await client.closed).toContain('answer to GET')
  })

  it('has a body that fails once the answer is sent', async () => {
    const late = Promise.withResolvers<unknown>()
    const { url } = await run({
      handler: (request: Request) => {
        late.resolve(request.text().catch((error: unknown) => error))
        return new Response('sent')
      },
    })
    const client = await openClient(url)
    client.send('POST / HTTP/1.1\r\nHost: example\r\nContent-Length: 10\r\n\r\nhalf')
    await client.until('sent')
    expect(await late.promise).toMatchObject({ message: 'The answer has been sent' })
    client.socket.destroy()
  })
})

describe('the signal of a request', () => {
  it('aborts when the client goes away, and its body fails with the same reason', async () => {
    const seen = Promise.withResolvers<unknown[]>()
    const running = await run({
      handler: async (request: Request) => {
        const error: unknown = await request.text().catch((thrown: unknown) => thrown)
        const { aborted, reason } = request.signal as { aborted: boolean; reason: unknown }
        seen.resolve([aborted, reason === error, (error as Error).message])
        throw error
      },
    })
    const client = await openClient(running.url)
    client.send('POST /p HTTP/1.1\r\nHost: example\r\nContent-Length: 10\r\n\r\nhalf')
    client.socket.end()
    expect(await seen.promise).toEqual([true, true, 'The client has gone'])
    await running.service.close()
    expect(running.log).toContain('debug Request was given up POST /p The client has gone')
  })

  it('does not abort when the answer has been sent', async () => {
    const seen: Request[] = []
    const { url, service } = await run({ handler: (request: Request) => new Response(`${seen.push(request)}`) })
    await (await fetch(url)).text()
    await service.close()
    expect(seen.map(({ signal }) => signal.aborted)).toEqual([false])
  })

  it('makes a failure that it did not cause no less one', async () => {
    const arrived = Promise.withResolvers<Request>()
    const running = await run({
      handler: async (request: Request) => {
        arrived.resolve(request)
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve))
        throw new Error('the database is gone')
      },
    })
    const client = await openClient(running.url)
    client.send(get('/'))
    const { signal } = await arrived.promise
    const failed = new Promise((resolve) => signal.addEventListener('abort', resolve))
    client.socket.destroy()
    await failed
    await new Promise(setImmediate)
    expect(healthOf(running)).toBe('the database is gone')
  })
})

describe('the answer of a Fetch handler', () => {
  it('has its status, its text, and every cookie', async () => {
    const { url } = await run({
      handler: () => {
        const headers = new Headers({ 'X-One': 'a', Connection: 'upgrade', 'Keep-Alive': 'timeout=1' })
        headers.append('Set-Cookie', 'a=1')
        headers.append('Set-Cookie', 'b=2')
        return new Response('made', { status: 201, statusText: 'Made', headers })
      },
    })
    const answer = await fetch(url)
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([201, 'Made', 'made'])
    expect([answer.headers.getSetCookie(), answer.headers.get('x-one')]).toEqual([['a=1', 'b=2'], 'a'])
    expect([answer.headers.get('connection'), answer.headers.get('keep-alive')]).toEqual(['keep-alive', 'timeout=5'])
  })

  it.each<[string, () => Response, string]>([
    ['one piece', () => new Response('hello'), '5'],
    ['nothing', () => new Response(null), '0'],
    ['an empty text', () => new Response(''), '0'],
  ])('of %s goes with its length', async (_what, handler, length) => {
    const { url } = await run({ handler })
    expect((await fetch(url)).headers.get('content-length')).toBe(length)
  })

  it('to a HEAD has no body, which is cancelled', async () => {
    const cancelled: unknown[] = []
    const { url } = await run({
      handler: () =>
        new Response(new ReadableStream({ cancel: (reason) => void cancelled.push(reason) }), {
          headers: { 'Content-Length': '5' },
        }),
    })
    const answer = await fetch(url, { method: 'HEAD' })
    expect([answer.headers.get('content-length'), await answer.text(), cancelled.length]).toEqual(['5', '', 1])
  })

  it('may have no body at all', async () => {
    const { url } = await run({ handler: () => new Response(null, { status: 204 }) })
    const client = await openClient(url)
    client.send(get('/', 'Connection: close\r\n'))
    expect(await client.closed).toMatch(/^HTTP\/1\.1 204 No Content\r\n[^]*\r\n\r\n$/)
  })

  it('arrives piece by piece, its head before the first', async () => {
    let feed: ReadableStreamDefaultController<Uint8Array> | undefined
    const { url } = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => {
              feed = controller
            },
          }),
          { headers: { 'Content-Type': 'text/event-stream' } },
        ),
    })
    const client = await openClient(url)
    client.send(get('/', 'Connection: close\r\n'))
    await client.until('text/event-stream')
    for (const event of ['one', 'two']) {
      feed?.enqueue(encoder.encode(`data: ${event}\n\n`))
      await client.until(`data: ${event}`)
    }
    feed?.close()
    expect(await client.closed).toMatch(/data: two\n\n\r\n0\r\n\r\n$/)
  })

  it('arrives as far as it is there, when the second piece takes its time', async () => {
    const release = Promise.withResolvers<void>()
    const { url } = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: async (controller) => {
              controller.enqueue(encoder.encode('first'))
              await release.promise
              controller.enqueue(encoder.encode('second'))
              controller.close()
            },
          }),
        ),
    })
    const client = await openClient(url)
    client.send(get('/', 'Connection: close\r\n'))
    await client.until('first')
    release.resolve()
    expect(await client.closed).toContain('second')
  })

  it('is cancelled when its reader goes away', async () => {
    const cancelled = Promise.withResolvers<unknown>()
    const running = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(encoder.encode('first')),
            cancel: cancelled.resolve,
          }),
        ),
    })
    const client = await openClient(running.url)
    client.send(get('/'))
    await client.until('first')
    client.socket.destroy()
    expect(await cancelled.promise).toMatchObject({ message: 'The client has gone' })
    await running.service.close()
    expect(running.log.filter((line) => line.startsWith('error'))).toEqual([])
  })

  it.each<[string, Uint8Array[], string]>([
    ['too short', [encoder.encode('one')], '5'],
    ['too long', [encoder.encode('one'), encoder.encode('two')], '5'],
  ])('that is %s for its length is broken off', async (_what, pieces, length) => {
    const running = await run({
      handler: () => {
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => {
            const piece = pieces.shift()
            if (piece === undefined) controller.close()
            else controller.enqueue(piece)
          },
        })
        return new Response(body, { headers: { 'Content-Length': length } })
      },
    })
    const client = await openClient(running.url)
    client.send(get('/'))
    expect(await client.closed).not.toContain('two')
    expect(healthOf(running)).toContain('does not match the content-length')
  })
})

describe('a Fetch handler that fails', () => {
  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
      'secret',
    ],
    ['rejects', () => Promise.reject(new Error('secret')), 'secret'],
    [
      'throws nothing',
      () => {
        throw null as unknown
      },
      'null',
    ],
    ['rejects with text', () => Promise.reject('secret'), 'secret'],
    ['gives nothing', () => undefined, 'expected a Response, got undefined'],
    ['gives null', () => null, 'expected a Response, got null'],
    ['gives text', () => 'secret', 'expected a Response, got "secret"'],
    ['gives an object', () => ({ status: 200 }), 'expected a Response, got an object'],
    ['gives a failure', () => Response.error(), 'used, or stands for a failure'],
    [
      'gives a response that is being read',
      () => {
        const response = new Response('secret')
        response.body?.getReader()
        return response
      },
      'used, or stands for a failure',
    ],
    [
      'gives a used response',
      async () => {
        const response = new Response('secret')
        await response.text()
        return response
      },
      'used, or stands for a failure',
    ],
    [
      'gives a body that fails at once',
      () =>
        new Response(
          new ReadableStream({
            pull: () => {
              throw new Error('secret')
            },
          }),
          { headers: { 'X-Mine': '1' } },
        ),
      'secret',
    ],
    [
      'gives a body of numbers',
      () => new Response(new ReadableStream({ pull: (it) => it.enqueue(1 as unknown as Uint8Array) })),
      'expected a Uint8Array, got 1',
    ],
  ])('because it %s is answered with 500 and no details', async (_what, handler, message) => {
    const running = await run({ handler })
    const answer = await fetch(`${running.url}/path?query`)
    expect([answer.status, await answer.text(), answer.headers.get('x-mine')]).toEqual([
      500,
      'Internal Server Error\n',
      null,
    ])
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(running.log.at(-1)).toContain('error Request failed GET /path ')
    expect(running.log.at(-1)).toContain(message)
    expect(healthOf(running)).toContain(message)
    expect(healthOf(running)).toBeUndefined()
  })

  it('in the middle of its body has the answer broken off', async () => {
    const release = Promise.withResolvers<void>()
    const running = await run({
      handler: () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: async (controller) => {
              controller.enqueue(encoder.encode('first'))
              await release.promise
              controller.error(new Error('disk'))
            },
          }),
        ),
    })
    const client = await openClient(running.url)
    client.send(get('/'))
    await client.until('first')
    release.resolve()
    expect(await client.closed).toMatch(/first\r\n$/)
    expect(healthOf(running)).toBe('disk')
  })
})

describe('a listener that fails', () => {
  it.each<[string, HttpListener]>([
    [
      'throws',
      (_request, response) => {
        response.setHeader('Content-Length', 1000)
        throw new Error('secret')
      },
    ],
    [
      'rejects',
      async (_request, response) => {
        response.statusMessage = 'Fine'
        await Promise.reject(new Error('secret'))
      },
    ],
  ])('because it %s is answered with 500 and no details', async (_what, handler) => {
    const running = await run({ handler })
    const answer = await fetch(running.url)
    expect([answer.status, answer.statusText, await answer.text()]).toEqual([
      500,
      'Internal Server Error',
      'Internal Server Error\n',
    ])
    expect([healthOf(running), running.log.at(-1)]).toEqual(['secret', 'error Request failed GET / secret'])
  })

  it('in the middle of its answer has it broken off', async () => {
    const handler: HttpListener = async (_request, response) => {
      await new Promise((resolve) => response.write('first', resolve))
      throw new Error('disk')
    }
    const running = await run({ handler })
    const client = await openClient(running.url)
    client.send(get('/'))
    expect(await client.closed).toMatch(/first\r\n$/)
    expect(healthOf(running)).toBe('disk')
  })

  it('by writing after its end does not end the process', async () => {
    const handler: HttpListener = (_request, response) => {
      response.end('whole')
      response.write('too late')
    }
    const running = await run({ handler })
    expect(await (await fetch(running.url)).text()).toBe('whole')
    await new Promise(setImmediate)
    expect(healthOf(running)).toBe('write after end')
  })

  it('because its client has gone is no failure of the service', async () => {
    const failed = Promise.withResolvers<void>()
    const handler: HttpListener = async (request, response) => {
      try {
        for await (const chunk of request) response.write(chunk)
      } finally {
        failed.resolve()
      }
    }
    const running = await run({ handler })
    const client = await openClient(running.url)
    client.send('POST / HTTP/1.1\r\nHost: example\r\nContent-Length: 10\r\n\r\nhalf')
    await client.until('half')
    client.socket.destroy()
    await failed.promise
    await new Promise(setImmediate)
    expect([healthOf(running), running.log.at(-1)]).toEqual([undefined, 'debug Request was given up POST / aborted'])
  })
})
