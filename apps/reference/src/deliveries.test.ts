import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from './fixtures/client.ts'
import { answer, closeReceivers, startReceiver, verify } from './fixtures/receiver.ts'
import { cleanUp, createFolder, type RelayProcess, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

let relay: RelayProcess
let client: Client

beforeAll(async () => {
  relay = await startRelay({
    env: {
      MAX_ATTEMPTS: '4',
      RETRY_BASE_MS: '5',
      RETRY_MAX_MS: '1500',
      DELIVERY_TIMEOUT_MS: '1000',
      SUBSCRIPTION_CONCURRENCY: '3',
      LOG_LEVEL: 'debug',
    },
  })
  client = createClient(relay.url)
}, 30_000)

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

async function healthOf(id: string): Promise<string | undefined> {
  const text = await (await fetch(`${relay.admin}/metrics`)).text()
  return new RegExp(`^health\\{service_id="Relay\\.Deliveries\\.${id}"\\} (.*)$`, 'm').exec(text)?.[1]
}

describe('a delivery', () => {
  it('is signed as Standard Webhooks say', async () => {
    const receiver = await startReceiver()
    const { secret } = await client.subscribe(receiver.url, { types: ['signed'] })
    const event = await client.post('signed', { text: 'grüße 🙂', list: [1, null] })
    const { createdAt } = await client.event(event)
    const [received] = await until('it has come', () => receiver.received.length === 1 && receiver.received)
    expect(() => {
      verify(received!, secret)
    }).not.toThrow()
    expect(() => {
      verify({ ...received!, text: `${received!.text} ` }, secret)
    }).toThrow('No matching signature found')
    expect({ method: received!.method, path: received!.path, body: received!.body }).toEqual({
      method: 'POST',
      path: '/hook',
      body: { type: 'signed', timestamp: createdAt, data: { text: 'grüße 🙂', list: [1, null] } },
    })
    expect(received!.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': event,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,/),
      traceparent: expect.stringMatching(new RegExp(`^00-${event.slice(4)}-[\\da-f]{16}-00$`)),
    })
  })

  it('keeps numbers as they were written', async () => {
    const receiver = await startReceiver()
    await client.subscribe(receiver.url, { types: ['exact'] })
    const data =
      '{"__proto__":{"a":1},"big":12345678901234567890,"precise":0.1000000000000000055511151231257827,"whole":1.0,"huge":1e400}'
    await client.call('POST', '/v1/events', `{"type":"exact","data":${data}}`)
    await until('it has come', () => receiver.received.length === 1)
    expect(receiver.received[0]?.text).toContain(`"data":${data}}`)
  })

  it('carries on the trace that its event came with', async () => {
    const receiver = await startReceiver()
    await client.subscribe(receiver.url, { types: ['traced'] })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const wrong = '00-00000000000000000000000000000000-b7ad6b7169203331-01'
    await client.call('POST', '/v1/events', { type: 'traced', data: 1 }, { traceparent })
    await client.call('POST', '/v1/events', { type: 'traced', data: 2 }, { traceparent: wrong })
    await until('both have come', () => receiver.received.length === 2)
    const sent = receiver.received.toSorted((a, b) => Number(a.body.data) - Number(b.body.data))
    expect(sent[0]?.headers['traceparent']).toBe(traceparent)
    expect(sent[1]?.headers['traceparent']).not.toBe(wrong)
  })

  it('is recorded before it is made', async () => {
    const receiver = await startReceiver(() => {})
    const { id } = await client.subscribe(receiver.url, { types: ['recorded'] })
    const event = await client.post('recorded')
    await until('it has come', () => receiver.received.length === 1)
    expect((await client.event(event)).deliveries).toMatchObject([
      { status: 'pending', attempts: 1, lastError: null, nextAttemptAt: null },
    ])
    await client.call('DELETE', `/v1/subscriptions/${id}`)
  })

  it('does not count a connection that the endpoint has closed meanwhile as an attempt', async () => {
    const used = new WeakSet<object>()
    const receiver = await startReceiver((response, received, count) => {
      const { socket } = response
      if (socket === null || used.has(socket)) return void response.destroy()
      used.add(socket)
      answer(204)(response, received, count)
    })
    await client.subscribe(receiver.url, { types: ['stale'] })
    for (const data of [1, 2]) {
      const event = await client.post('stale', data)
      expect(await client.delivery(event, ({ status }) => status === 'delivered')).toMatchObject({ attempts: 1 })
    }
    expect(receiver.received.map(({ body }) => body.data)).toEqual([1, 2, 2])
  })

  it('reads only so much of an answer, and takes any 2xx for a success', async () => {
    const patient = await startRelay({ env: { DELIVERY_TIMEOUT_MS: '3600000' } })
    const its = createClient(patient.url)
    const receiver = await startReceiver((response) => {
      // More than is read, and no end
      response.writeHead(299).write('x'.repeat(1_000_000))
    })
    await its.subscribe(receiver.url)
    const event = await its.post('endless')
    expect(await its.delivery(event, ({ status }) => status !== 'pending')).toMatchObject({
      status: 'delivered',
      attempts: 1,
    })
    expect(await patient.end()).toBe(0)
  }, 30_000)
})

describe('an attempt that fails', () => {
  it('is made again, with the same id, until one succeeds', async () => {
    const receiver = await startReceiver((response, received, count) =>
      answer(count < 3 ? 500 : 200)(response, received, count),
    )
    const { secret } = await client.subscribe(receiver.url, { types: ['again'] })
    const event = await client.post('again')
    expect(await client.delivery(event, ({ status }) => status === 'delivered')).toMatchObject({
      attempts: 3,
      lastError: null,
    })
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([event, event, event])
    for (const received of receiver.received) verify(received, secret)
  })

  it.each([
    ['an error', answer(500), 'HTTP 500'],
    ['a request that is refused', answer(404), 'HTTP 404'],
    ['a redirect, which is not followed', answer(302, { location: '/elsewhere' }), 'HTTP 302'],
    ['a connection that ends', (response: { destroy(): void }) => response.destroy(), 'socket hang up'],
  ])('ends as a dead letter after as many as there may be: %s', async (name, respond, lastError) => {
    const receiver = await startReceiver(respond)
    const { id } = await client.subscribe(receiver.url, { types: [name] })
    const event = await client.post(name)
    expect(await client.delivery(event, ({ status }) => status === 'dead')).toMatchObject({ attempts: 4, lastError })
    expect(receiver.received.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook', '/hook'])
    const { items } = (await client.call('GET', '/v1/dead-letters')).body as { items: readonly object[] }
    expect(items).toContainEqual({
      event,
      subscription: id,
      attempts: 4,
      lastError,
      diedAt: expect.any(String),
    })
  })

  it('is one where nobody listens, and one where nobody answers', async () => {
    const closed = await startReceiver()
    await closed.close()
    const hanging = await startReceiver(() => {})
    await client.subscribe(closed.url, { types: ['closed'] })
    const { id } = await client.subscribe(hanging.url, { types: ['hanging'] })
    const refused = await client.post('closed')
    const unanswered = await client.post('hanging')
    expect(await client.delivery(refused, ({ status }) => status === 'dead')).toMatchObject({
      lastError: `connect ECONNREFUSED 127.0.0.1:${new URL(closed.url).port}`,
    })
    const failed = await client.delivery(unanswered, ({ lastError }) => lastError !== null)
    expect(failed.lastError).toBe('no answer within 1000 ms')
    await client.call('DELETE', `/v1/subscriptions/${id}`)
  })

  it('waits as long as the endpoint asks for, up to the maximum', async () => {
    const respond = (seconds: string) => answer(503, { 'retry-after': seconds })
    const [one, two] = [await startReceiver(respond('1')), await startReceiver(respond('3600'))]
    await client.subscribe(one.url, { types: ['wait'] })
    await client.subscribe(two.url, { types: ['wait'] })
    const event = await client.post('wait')
    const deliveries = await until('both have failed once', async () => {
      const { deliveries } = await client.event(event)
      return deliveries.every(({ nextAttemptAt, attempts }) => nextAttemptAt !== null && attempts === 1) && deliveries
    })
    const [first, second] = deliveries.map(({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? ''))
    const since = (at: number | undefined, came: number | undefined): number => (at ?? 0) - (came ?? 0)
    expect(since(first, one.received[0]?.at)).toBeGreaterThanOrEqual(1_000)
    expect(since(second, two.received[0]?.at)).toBeGreaterThanOrEqual(1_500)
    expect(since(second, two.received[0]?.at)).toBeLessThan(60_000)
    await until('it is tried again', () => one.received.length === 2 && two.received.length === 2)
    expect(since(one.received[1]?.at, one.received[0]?.at)).toBeGreaterThanOrEqual(999)
  })
})

describe('an endpoint', () => {
  it('is unhealthy while the last 3 attempts failed, until one succeeds', async () => {
    const receiver = await startReceiver(answer(500))
    const { id } = await client.subscribe(receiver.url, { types: ['sick'] })
    const event = await client.post('sick')
    await client.delivery(event, ({ status }) => status === 'dead')
    const name = `Relay.Deliveries.${id}`
    const message = `the last 3 attempts at ${new URL(receiver.url).host} failed, with HTTP 500`
    const error = async (): Promise<string | undefined> => {
      const text = await (await fetch(`${relay.admin}/health.txt`)).text()
      return new RegExp(`^! {2}${name}\n\t(.*)$`, 'm').exec(text)?.[1]
    }
    expect(await error()).toBe(`endpoint: ${message}`)
    expect(await healthOf(id)).toBe('0')
    const page = await (await fetch(`${relay.admin}/`)).text()
    expect([page.includes(`data-level="bad" data-id="${name}"`), page.includes(message)]).toEqual([true, true])
    expect((await fetch(`${relay.admin}/readyz`)).status).toBe(200)
    receiver.respond(answer(204))
    await client.delivery(await client.post('sick'), ({ status }) => status === 'delivered')
    expect(await error()).not.toBe(`endpoint: ${message}`)
    // What was put into the error buffer stays for one interval of the checker
    await until('it is healthy', async () => (await healthOf(id)) === '1', 40_000)
  }, 60_000)

  it('that answers 410 is disabled: its service goes, and what is pending is dead', async () => {
    const receiver = await startReceiver(answer(410))
    const { id } = await client.subscribe(receiver.url, { types: ['gone'] })
    const event = await client.post('gone')
    expect(await client.delivery(event, ({ status }) => status === 'dead')).toMatchObject({
      attempts: 1,
      lastError: 'HTTP 410',
    })
    expect(await client.call('GET', `/v1/subscriptions/${id}`)).toMatchObject({ body: { status: 'disabled' } })
    await until('its service is closed', () =>
      relay.lines().some(({ service, msg }) => service === `Relay.Deliveries.${id}` && msg === 'Closed'),
    )
    expect(await healthOf(id)).toBeUndefined()
    expect((await client.event(await client.post('gone'))).deliveries).toEqual([])
    expect((await client.call('POST', `/v1/dead-letters/${event}/${id}/retry`)).status).toBe(409)
    expect((await client.call('DELETE', `/v1/subscriptions/${id}`)).status).toBe(204)
  })

  it('gets no more at once than it may, and delays no other', async () => {
    const answers: (() => void)[] = []
    const slow = await startReceiver((response) => {
      answers.push(() => response.writeHead(204).end())
    })
    const quick = await startReceiver()
    await client.subscribe(slow.url, { types: ['many'] })
    await client.subscribe(quick.url, { types: ['many'] })
    const events = await Promise.all(Array.from({ length: 12 }, (_, index) => client.post('many', index)))
    await until('the quick one has all', () => quick.received.length === events.length)
    expect(slow.received.length).toBe(3)
    await until('the slow one has all', () => {
      answers.shift()?.()
      return new Set(slow.received.map(({ headers }) => headers['webhook-id'])).size === events.length
    })
    expect(slow.mostOpen()).toBe(3)
    expect(quick.mostOpen()).toBeLessThanOrEqual(3)
  })
})

describe('ALLOW_PRIVATE_TARGETS', () => {
  it('refuses private endpoints, when subscribed and again when connecting', async () => {
    const receiver = await startReceiver()
    const named = receiver.url.replace('127.0.0.1', 'localhost')
    const env = { DATABASE_FILE: join(createFolder(), 'relay.db'), MAX_ATTEMPTS: '1' }
    const open = await startRelay({ env })
    const before = createClient(open.url)
    await before.subscribe(receiver.url)
    await before.subscribe(named)
    expect(await open.end()).toBe(0)

    const closed = await startRelay({ env: { ...env, ALLOW_PRIVATE_TARGETS: 'false' } })
    const after = createClient(closed.url)
    for (const url of [receiver.url, named, 'http://[::1]/', 'http://169.254.169.254/']) {
      expect(await after.call('POST', '/v1/subscriptions', { url, types: ['*'] })).toMatchObject({
        status: 422,
        body: { errors: [{ path: 'url', message: expect.stringContaining('private address') }] },
      })
    }
    const event = await after.post('a')
    const dead = await until('both are dead', async () => {
      const { deliveries } = await after.event(event)
      return deliveries.every(({ status }) => status === 'dead') && deliveries
    })
    expect(dead.map(({ lastError }) => lastError)).toEqual([
      '127.0.0.1 is a loopback, link-local or private address',
      expect.stringMatching(/^localhost is refused: (127\.0\.0\.1|::1) is a loopback, /),
    ])
    expect(receiver.received).toEqual([])
    expect(await closed.end()).toBe(0)
  }, 30_000)
})
