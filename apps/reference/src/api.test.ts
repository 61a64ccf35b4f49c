import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from './fixtures/client.ts'
import { answer, closeReceivers, type Receiver, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, type RelayProcess, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

let relay: RelayProcess
let client: Client
let receiver: Receiver

beforeAll(async () => {
  relay = await startRelay({ env: { MAX_BODY_BYTES: '2000', MAX_ATTEMPTS: '1' } })
  client = createClient(relay.url)
  receiver = await startReceiver()
}, 30_000)

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

describe('POST /v1/subscriptions', () => {
  it('makes a subscription and shows the secret that it has made', async () => {
    const { status, headers, body } = await client.call('POST', '/v1/subscriptions', {
      url: receiver.url,
      types: ['a', 'b'],
    })
    expect({ status, body }).toEqual({
      status: 201,
      body: {
        id: expect.stringMatching(/^sub_[0-9a-f]{16}$/),
        url: receiver.url,
        types: ['a', 'b'],
        secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
        status: 'active',
        createdAt: expect.stringMatching(ISO),
      },
    })
    expect(headers.get('location')).toBe(`/v1/subscriptions/${(body as { id: string }).id}`)
  })

  it('takes a secret that it is given', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    expect((await client.subscribe(receiver.url, { types: ['never'], secret })).secret).toBe(secret)
  })

  it.each([
    ['nothing', {}, ['url', 'types']],
    ['a URL of another kind', { url: 'ftp://example.com/', types: ['*'] }, ['url']],
    ['a URL with a password', { url: 'http://a:b@example.com/', types: ['*'] }, ['url']],
    ['no types', { url: 'http://example.com/', types: [] }, ['types']],
    ['types that are none', { url: 'http://example.com/', types: ['a', 7, ''] }, ['types[1]', 'types[2]']],
    ['a secret that is too short', { url: 'http://example.com/', types: ['*'], secret: 'whsec_AAAA' }, ['secret']],
    ['a field that there is none', { url: 'http://example.com/', types: ['*'], colour: 1 }, ['colour']],
    ['an array', [], ['']],
  ])('refuses %s with 422 and the path of each wrong field', async (_, body, paths) => {
    const { status, headers, body: problem } = await client.call('POST', '/v1/subscriptions', body)
    expect(status).toBe(422)
    expect(headers.get('content-type')).toBe('application/problem+json')
    const { errors, ...rest } = problem as { errors: readonly { path: string; message: string }[] }
    expect(rest).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      detail: 'The request has not the right shape',
    })
    expect(errors.map(({ path }) => path)).toEqual(paths)
    expect(errors.every(({ message }) => message.length > 0)).toBe(true)
  })
})

describe('GET /v1/subscriptions', () => {
  it('shows them without their secrets, together and one by one', async () => {
    const { secret: _, ...subscription } = await client.subscribe(receiver.url, { types: ['shown'] })
    const { status, body } = await client.call('GET', '/v1/subscriptions')
    const { items } = body as { items: readonly { id: string }[] }
    expect({ status, item: items.find(({ id }) => id === subscription.id) }).toEqual({
      status: 200,
      item: subscription,
    })
    expect(JSON.stringify(items)).not.toContain('whsec_')
    expect(await client.call('GET', `/v1/subscriptions/${subscription.id}`)).toMatchObject({
      status: 200,
      body: subscription,
    })
  })

  it('answers 404 for one that there is none', async () => {
    expect(await client.call('GET', '/v1/subscriptions/sub_none')).toMatchObject({
      status: 404,
      body: { title: 'Not Found', detail: 'There is no subscription "sub_none"' },
    })
  })
})

describe('DELETE /v1/subscriptions/:id', () => {
  it('closes its service, and drops its pending deliveries', async () => {
    const hanging = await startReceiver(() => {})
    const { id } = await client.subscribe(hanging.url, { types: ['hang'] })
    const event = await client.post('hang')
    await until('the delivery is on its way', () => hanging.received.length === 1)
    expect(await client.event(event)).toMatchObject({ deliveries: [{ subscription: id, status: 'pending' }] })
    const deleted = await client.call('DELETE', `/v1/subscriptions/${id}`)
    expect(deleted).toMatchObject({ status: 204, body: undefined })
    expect((await client.event(event)).deliveries).toEqual([])
    expect((await client.call('GET', `/v1/subscriptions/${id}`)).status).toBe(404)
    expect((await client.call('DELETE', `/v1/subscriptions/${id}`)).status).toBe(404)
    const closed = relay.lines().filter(({ service }) => service === `Relay.Deliveries.${id}`)
    expect(closed.map(({ msg }) => msg)).toEqual(['Starting', 'Started', 'Closing', 'Closed'])
    expect(await (await fetch(`${relay.admin}/health.txt`)).text()).not.toContain(id)
  })
})

describe('POST /v1/events', () => {
  it('answers 202 with an id, and delivers to those who want the type', async () => {
    const [one, two] = [await startReceiver(), await startReceiver()]
    const subscriptions = [
      await client.subscribe(one.url, { types: ['exact', 'other'] }),
      await client.subscribe(two.url, { types: ['exactly'] }),
    ]
    const { status, body } = await client.call('POST', '/v1/events', { type: 'exact', data: { a: 1 } })
    expect({ status, body }).toEqual({ status: 202, body: { id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) } })
    const { id } = body as { id: string }
    await client.delivery(id, (delivery) => delivery.status === 'delivered')
    expect(await client.event(id)).toEqual({
      id,
      type: 'exact',
      createdAt: expect.stringMatching(ISO),
      deliveries: [
        {
          subscription: subscriptions[0]?.id,
          status: 'delivered',
          attempts: 1,
          lastError: null,
          nextAttemptAt: null,
          deliveredAt: expect.stringMatching(ISO),
        },
      ],
    })
    expect([one.received.length, two.received.length]).toEqual([1, 0])
  })

  it('takes an event that nobody wants', async () => {
    expect((await client.event(await client.post('unwanted'))).deliveries).toEqual([])
  })

  it.each([null, 0, 'text', [1, 2], false, { a: { b: [] } }])('takes %j as data', async (data) => {
    expect(await client.post('unwanted', data)).toMatch(/^evt_/)
  })

  it('takes names that objects have by nature', async () => {
    const answer = await client.call('POST', '/v1/events', '{"type":"__proto__","data":{"__proto__":{"a":1}}}')
    expect(answer.status).toBe(202)
  })

  it.each([
    ['no type', { data: 1 }, ['type']],
    ['no data', { type: 'a' }, ['data']],
    ['an empty type', { type: '', data: 1 }, ['type']],
    ['neither, and more', { id: 1 }, ['type', 'data', 'id']],
    ['a string', JSON.stringify('text'), ['']],
  ])('refuses %s with 422', async (_, body, paths) => {
    const { status, body: problem } = await client.call('POST', '/v1/events', body)
    const { errors } = problem as { errors: readonly { path: string }[] }
    expect({ status, paths: errors.map(({ path }) => path) }).toEqual({ status: 422, paths })
  })

  it('gives the same id for the same key and body, and delivers once', async () => {
    const one = await startReceiver()
    const { id } = await client.subscribe(one.url, { types: ['once'] })
    const headers = { 'idempotency-key': 'a "key"' }
    const post = (data: unknown) => client.call('POST', '/v1/events', { type: 'once', data }, headers)
    const first = await post({ a: 1 })
    const again = await Promise.all([post({ a: 1 }), post({ a: 1 })])
    expect([first, ...again].map(({ status, body }) => ({ status, body }))).toEqual(
      Array.from({ length: 3 }, () => ({ status: 202, body: first.body })),
    )
    expect(await post({ a: 2 })).toMatchObject({ status: 409, body: { title: 'Conflict', status: 409 } })
    const last = await client.post('once')
    await client.delivery(last, ({ status }) => status === 'delivered')
    await client.delivery((first.body as { id: string }).id, ({ status }) => status === 'delivered')
    expect(one.received.length).toBe(2)
    expect(new Set(one.received.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([(first.body as { id: string }).id, last]),
    )
    await client.call('DELETE', `/v1/subscriptions/${id}`)
  })

  it('refuses a key that is none with 400', async () => {
    const body = { type: 'a', data: 1 }
    const answers = [
      await client.call('POST', '/v1/events', body, { 'idempotency-key': '' }),
      await client.call('POST', '/v1/events', body, { 'idempotency-key': 'k'.repeat(256) }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400])
  })
})

describe('GET /v1/events/:id', () => {
  it('answers 404 for one that there is none', async () => {
    expect(await client.call('GET', '/v1/events/evt_none')).toMatchObject({ status: 404, body: { status: 404 } })
  })
})

describe('/v1/dead-letters', () => {
  it('lists them page by page, and makes one pending again with its attempts from 0', async () => {
    const failing = await startReceiver(answer(500))
    const { id } = await client.subscribe(failing.url, { types: ['dead'] })
    const events = [await client.post('dead', 1), await client.post('dead', 2), await client.post('dead', 3)]
    for (const event of events) await client.delivery(event, ({ status }) => status === 'dead')

    const first = await client.call('GET', '/v1/dead-letters?limit=2')
    const { items, next } = first.body as { items: readonly { event: string }[]; next: string }
    expect(items[0]).toEqual({
      event: expect.any(String),
      subscription: id,
      attempts: 1,
      lastError: 'HTTP 500',
      diedAt: expect.stringMatching(ISO),
    })
    const second = await client.call('GET', `/v1/dead-letters?limit=2&after=${next}`)
    const rest = second.body as { items: readonly { event: string }[]; next: string | null }
    expect(rest.next).toBeNull()
    expect([...items, ...rest.items].map(({ event }) => event).toSorted()).toEqual(events.toSorted())

    failing.respond(answer(204))
    const retried = await client.call('POST', `/v1/dead-letters/${events[0]}/${id}/retry`)
    expect(retried.status).toBe(202)
    expect(await client.delivery(events[0] ?? '', ({ status }) => status === 'delivered')).toMatchObject({
      attempts: 1,
    })
    expect((await client.call('POST', `/v1/dead-letters/${events[0]}/${id}/retry`)).status).toBe(404)

    await client.call('DELETE', `/v1/subscriptions/${id}`)
    expect((await client.call('POST', `/v1/dead-letters/${events[1]}/${id}/retry`)).status).toBe(409)
  })

  it.each(['limit=0', 'limit=1001', 'limit=ten', 'after=here'])('refuses %s with 422', async (query) => {
    const { status, body } = await client.call('GET', `/v1/dead-letters?${query}`)
    expect({ status, errors: (body as { errors: unknown }).errors }).toEqual({
      status: 422,
      errors: [{ path: query.split('=')[0], message: expect.any(String) }],
    })
  })
})

describe('the public listener', () => {
  it.each(['/', '/v1', '/v1/nothing', '/v1/events/a/b', '/health', '/metrics'])('answers 404 for %s', async (path) => {
    const { status, headers, body } = await client.call('GET', path)
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { type: 'about:blank', title: 'Not Found', status: 404 },
    })
    expect(headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['PUT', '/v1/subscriptions', 'GET, HEAD, POST'],
    ['POST', '/v1/subscriptions/x', 'GET, HEAD, DELETE'],
    ['GET', '/v1/events', 'POST'],
    ['DELETE', '/v1/events/x', 'GET, HEAD'],
    ['POST', '/v1/dead-letters', 'GET, HEAD'],
    ['GET', '/v1/dead-letters/a/b/retry', 'POST'],
  ])('answers 405 for %s %s and says what is allowed', async (method, path, allow) => {
    const { status, headers, body } = await client.call(method, path)
    expect({ status, allow: headers.get('allow'), body }).toMatchObject({ status: 405, allow, body: { status: 405 } })
  })

  it('answers a HEAD without a body', async () => {
    expect(await client.call('HEAD', '/v1/subscriptions')).toMatchObject({ status: 200, body: undefined })
  })

  it('answers 413 for a body that is too large, whether or not it says so before', async () => {
    const body = JSON.stringify({ type: 'a', data: 'x'.repeat(3_000) })
    const stream = new Blob([body]).stream()
    const streamed = await fetch(`${relay.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    })
    expect(await client.call('POST', '/v1/events', body)).toMatchObject({ status: 413, body: { status: 413 } })
    expect({ status: streamed.status, body: await streamed.json() }).toMatchObject({
      status: 413,
      body: { status: 413 },
    })
  })

  it.each(['text/plain', 'application/jsonl', 'text/json; application/json'])('answers 415 for %s', async (type) => {
    const headers = { 'content-type': type }
    expect(await client.call('POST', '/v1/events', '{"type":"a","data":1}', headers)).toMatchObject({ status: 415 })
  })

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/cloudevents+json'])(
    'takes %s',
    async (type) => {
      const headers = { 'content-type': type }
      expect(await client.call('POST', '/v1/events', '{"type":"a","data":1}', headers)).toMatchObject({ status: 202 })
    },
  )

  it.each(['', '{', '{"type":"a","data":1}}', "{'type':'a'}"])('answers 400 for %j', async (body) => {
    expect(await client.call('POST', '/v1/events', body)).toMatchObject({ status: 400, body: { title: 'Bad Request' } })
  })
})

describe('API_TOKEN', () => {
  it('is needed for every call below /v1 once it is set', async () => {
    const token = 'correct-horse'
    const guarded = await startRelay({ env: { API_TOKEN: token, HOST: '0.0.0.0' } })
    const { port } = new URL(guarded.url)
    const { call } = createClient(`http://127.0.0.1:${port}`)
    const status = async (authorization?: string): Promise<number> =>
      (await call('GET', '/v1/subscriptions', undefined, authorization === undefined ? {} : { authorization })).status
    expect(await status(`Bearer ${token}`)).toBe(200)
    expect(await status(`bearer ${token}`)).toBe(200)
    const refused = [undefined, 'Bearer', 'Bearer ', `Bearer ${token}x`, 'Bearer correct-hors', `Basic ${token}`, token]
    expect(await Promise.all(refused.map(status))).toEqual(refused.map(() => 401))
    const { headers, body } = await call('POST', '/v1/nothing')
    expect({ challenge: headers.get('www-authenticate'), body }).toMatchObject({
      challenge: 'Bearer',
      body: { status: 401 },
    })
    expect(guarded.output()).not.toContain(token)
    expect(await guarded.end()).toBe(0)
  }, 30_000)
})

describe('MAX_PENDING', () => {
  it('answers 503 with Retry-After while too much is pending', async () => {
    const full = await startRelay({ env: { MAX_PENDING: '2' } })
    const crowded = createClient(full.url)
    const hanging = await startReceiver(() => {})
    const { id } = await crowded.subscribe(hanging.url)
    const post = (key: string) =>
      crowded.call('POST', '/v1/events', { type: 'a', data: key }, { 'idempotency-key': key })
    const answers = [await post('1'), await post('2'), await post('3'), await post('1')]
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 503, 202])
    expect(answers[2]?.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(answers[2]?.body).toMatchObject({ title: 'Service Unavailable', status: 503 })
    await crowded.call('DELETE', `/v1/subscriptions/${id}`)
    expect((await post('3')).status).toBe(202)
    await full.end('SIGKILL')
  }, 30_000)
})
