import { AsyncLocalStorage } from 'node:async_hooks'
import { lookup } from 'node:dns/promises'
import { getEventListeners } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { networkInterfaces } from 'node:os'
import { createScope, isServiceError } from '@svc/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { get, openClient, untilRefused } from './fixtures/client.ts'
import { run } from './fixtures/service.ts'
import {
  createHttpService,
  type FetchHandler,
  type HttpListener,
  type HttpService,
  type HttpServiceOptions,
} from './index.ts'

const hello: FetchHandler = () => new Response('hello')
const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

describe('createHttpService()', () => {
  it('listens when it starts, on loopback and a free port by default, and logs where', async () => {
    const { service, url, log } = await run({ handler: hello })
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    expect(await (await fetch(url)).text()).toBe('hello')
    await service.close()
    expect(log).toEqual(['info Starting', `info Listening on ${url}`, 'info Started', 'info Closing', 'info Closed'])
  })

  it('refuses connections after the close, and leaves the port free', async () => {
    const { service, url, scope } = await run({ handler: hello })
    await service.close()
    await expect(openClient(url)).rejects.toThrow('ECONNREFUSED')
    const next = createHttpService({ name: 'Next', parent: scope, port: Number(new URL(url).port), handler: hello })
    await next.start()
    expect(next.url()).toBe(url)
    await next.close()
  })

  it.runIf(hasIPv6)('puts an IPv6 address into brackets', async () => {
    const { url } = await run({ handler: hello, host: '::1' })
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect(await (await fetch(url)).text()).toBe('hello')
  })

  it('keeps a host name', async () => {
    const { url } = await run({ handler: hello, host: 'localhost' })
    expect(url).toMatch(/^http:\/\/localhost:\d+$/)
    expect(await (await fetch(url)).text()).toBe('hello')
  })

  it('tells its url from its start on, also after the close', async () => {
    const service = createHttpService({ name: 'Api', parent: createScope(), handler: hello })
    let error: unknown
    try {
      service.url()
    } catch (thrown) {
      error = thrown
    }
    expect(isServiceError(error, 'NOT_STARTED')).toBe(true)
    await service.start()
    const url = service.url()
    await service.close()
    expect(service.url()).toBe(url)
  })

  it('takes listeners of node:http, plain and async', async () => {
    const plain = await run({
      handler: (_request: IncomingMessage, response: ServerResponse) => response.end('plain'),
    })
    const listener: HttpListener = async (request, response) => {
      for await (const chunk of request) response.write(chunk)
      response.end(request.url)
    }
    const later = await run({ handler: listener })
    expect(await (await fetch(plain.url)).text()).toBe('plain')
    expect(await (await fetch(`${later.url}/x?y`, { method: 'POST', body: 'body of ' })).text()).toBe('body of /x?y')
  })

  it('works spread, with detached methods, and disposes of itself', async () => {
    const service = createHttpService({ name: 'Api', parent: createScope({ name: 'Program' }), handler: hello })
    const { start, url, name } = { ...service }
    await start()
    expect([name(), await (await fetch(url())).text()]).toEqual(['Program.Api', 'hello'])
    await service[Symbol.asyncDispose]()
    await expect(openClient(url())).rejects.toThrow('ECONNREFUSED')
  })

  it('runs requests in the context in which it was made, not in that of its start', async () => {
    const context = new AsyncLocalStorage<string>()
    const { url } = await context.run('made', () =>
      run(
        { handler: async (request: Request) => new Response(`${context.getStore()} ${await request.text()}`) },
        { exporters: [{ activate: (operation, fn) => context.run(operation.kind, fn) }] },
      ),
    )
    expect(await (await fetch(url, { method: 'POST', body: 'x' })).text()).toBe('made x')
  })

  it('has the types of a Fetch handler for one written in place', () => {
    const parent = createScope()
    const service = createHttpService({
      name: 'Api',
      parent,
      handler: (request) => {
        expectTypeOf(request).toEqualTypeOf<Request>()
        return new Response()
      },
    })
    expectTypeOf(service).toEqualTypeOf<HttpService>()
    expect(service.name()).toBe('Api')
  })
})

describe('a start that fails', () => {
  it('names the host and the port that is taken', async () => {
    const { url, scope, log } = await run({ handler: hello })
    const port = Number(new URL(url).port)
    const second = createHttpService({ name: 'Second', parent: scope, port, handler: hello })
    const error: unknown = await second.start().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'START_FAILED',
      message: 'Cannot start "Second": its start function failed',
      cause: { message: `Cannot listen on 127.0.0.1:${port}: the port is taken`, cause: { code: 'EADDRINUSE' } },
    })
    expect(() => second.url()).toThrow('StartFailed')
    expect(log).not.toContain('info Second')
    expect(await (await fetch(url)).text()).toBe('hello')
  })

  it('names an address that the machine does not have', async () => {
    const service = createHttpService({
      name: 'Api',
      parent: createScope(),
      host: '192.0.2.1',
      port: 1,
      handler: hello,
    })
    await expect(service.start()).rejects.toMatchObject({
      cause: { message: 'Cannot listen on 192.0.2.1:1: this machine does not have this address' },
    })
  })

  it('leaves nothing behind', async () => {
    const { url, scope } = await run({ handler: hello })
    const before = getEventListeners(scope.draining, 'abort').length
    const start = new AbortController()
    const second = createHttpService({ name: 'Second', parent: scope, port: Number(new URL(url).port), handler: hello })
    await expect(second.start(start.signal)).rejects.toThrow('Cannot start "Second"')
    expect(getEventListeners(start.signal, 'abort')).toEqual([])
    expect(getEventListeners(scope.draining, 'abort').length).toBe(before)
  })

  it('because it was aborted while the host was looked up leaves no server', async () => {
    const { service: first, url, scope } = await run({ handler: hello, host: 'localhost' })
    await first.close()
    const start = new AbortController()
    const reason = new Error('enough')
    const port = Number(new URL(url).port)
    const service = createHttpService({ name: 'Api', parent: scope, host: 'localhost', port, handler: hello })
    const started = service.start(start.signal)
    start.abort(reason)
    await expect(started).rejects.toMatchObject({ code: 'START_FAILED', cause: reason })
    expect(() => service.url()).toThrow('StartFailed')
    expect(getEventListeners(scope.draining, 'abort')).toEqual([])
    await lookup('localhost')
    await new Promise(setImmediate)
    await untilRefused(url)
  })

  it('because it was aborted when the server was up already closes the server again', async () => {
    const start = new AbortController()
    const reason = new Error('enough')
    const nothing = (): void => {}
    const info = (_fields: object, message: string): void => {
      if (message.startsWith('Listening')) start.abort(reason)
    }
    const scope = createScope({ logger: { debug: nothing, info, warn: nothing, error: nothing } })
    const service = createHttpService({ name: 'Api', parent: scope, handler: hello })
    await expect(service.start(start.signal)).rejects.toMatchObject({ code: 'START_FAILED', cause: reason })
    await expect(openClient(service.url())).rejects.toThrow('ECONNREFUSED')
    expect(getEventListeners(scope.draining, 'abort')).toEqual([])
  })
})

describe('what is no HTTP', () => {
  it('is answered with 400, and the server goes on', async () => {
    const running = await run({ handler: hello })
    const client = await openClient(running.url)
    client.send('nonsense\r\n\r\n')
    expect(await client.closed).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close/)
    expect(await (await fetch(running.url)).text()).toBe('hello')
    expect(running.service.healthReport().get('Api')).toBeNull()
  })

  it('like a head that never ends is answered with 408 once its time is over', async () => {
    const { url } = await run({
      handler: hello,
      serverOptions: { headersTimeout: 20, connectionsCheckingInterval: 10 },
    })
    const client = await openClient(url)
    client.send('GET / HTTP/1.1\r\nHost: exam')
    expect(await client.closed).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close/)
  })

  it('like a client that resets in the middle of its request does no harm', async () => {
    const running = await run({ handler: async (request: Request) => new Response(await request.text()) })
    const client = await openClient(running.url)
    client.send('POST / HTTP/1.1\r\nHost: example\r\nContent-Length: 10\r\n\r\nhalf')
    client.socket.resetAndDestroy()
    await client.closed
    expect(await (await fetch(running.url, { method: 'POST', body: 'whole' })).text()).toBe('whole')
    expect(running.service.healthReport().get('Api')).toBeNull()
  })
})

describe('wrong options', () => {
  const parent = createScope()
  it.each<[string, unknown, new (message: string) => Error, string]>([
    ['no options', undefined, TypeError, 'Cannot use the options: expected an object, got undefined'],
    ['no name', { parent, handler: hello }, TypeError, 'Cannot use option "name"'],
    ['an empty name', { name: '', parent, handler: hello }, TypeError, 'expected a string that is not empty'],
    ['no parent', { name: 'A', handler: hello }, TypeError, 'Cannot use option "parent": expected a scope'],
    ['no handler', { name: 'A', parent }, TypeError, 'Cannot use option "handler": expected a function'],
    ['an empty host', { name: 'A', parent, handler: hello, host: '' }, TypeError, 'Cannot use option "host"'],
    [
      'a port that is text',
      { name: 'A', parent, handler: hello, port: '80' },
      TypeError,
      'expected a number, got "80"',
    ],
    ['a negative port', { name: 'A', parent, handler: hello, port: -1 }, RangeError, 'from 0 to 65535, got -1'],
    ['a fractional port', { name: 'A', parent, handler: hello, port: 1.5 }, RangeError, 'got 1.5'],
    ['a port of NaN', { name: 'A', parent, handler: hello, port: NaN }, RangeError, 'got NaN'],
    ['an endless port', { name: 'A', parent, handler: hello, port: Infinity }, RangeError, 'got Infinity'],
    ['a port too high', { name: 'A', parent, handler: hello, port: 65_536 }, RangeError, 'got 65536'],
    ['an upgrade that is none', { name: 'A', parent, handler: hello, upgrade: {} }, TypeError, 'option "upgrade"'],
    [
      'server options that are none',
      { name: 'A', parent, handler: hello, serverOptions: 1 },
      TypeError,
      '"serverOptions"',
    ],
  ])('are refused: %s', (_what, options, type, message) => {
    const attempt = (): unknown => createHttpService(options as HttpServiceOptions)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it('of the node:http server are a failed start', async () => {
    const service = createHttpService({ name: 'A', parent, handler: hello, serverOptions: { maxHeaderSize: -1 } })
    await expect(service.start()).rejects.toMatchObject({ code: 'START_FAILED', cause: { code: 'ERR_OUT_OF_RANGE' } })
  })

  it('are refused before anything listens: a signal that is none', async () => {
    const service = createHttpService({ name: 'A', parent, handler: hello })
    await expect(service.start(1 as unknown as AbortSignal)).rejects.toThrow(TypeError)
    await service.start()
    await expect(service.close({} as AbortSignal)).rejects.toThrow(TypeError)
    const client = await openClient(service.url())
    client.send(get('/', 'Connection: close\r\n'))
    expect(await client.closed).toContain('hello')
    await service.close()
  })
})
