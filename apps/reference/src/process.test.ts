import { existsSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { closeReceivers, startReceiver, verify } from './fixtures/receiver.ts'
import { cleanUp, createFolder, type RelayProcess, runRelay, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

function createFile(): string {
  return join(createFolder(), 'relay.db')
}

/** A request whose body is sent in two parts. */
function postInParts(relay: RelayProcess, body: string): { finish(): Promise<{ status: number; body: string }> } {
  const half = Math.floor(body.length / 2)
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
  const outgoing = request(`${relay.url}/v1/events`, { method: 'POST', headers, agent: false })
  outgoing.write(body.slice(0, half))
  return {
    finish: () =>
      new Promise((resolve, reject) => {
        outgoing.on('error', reject)
        outgoing.on('response', (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: text })
          })
          response.on('error', reject)
        })
        outgoing.end(body.slice(half))
      }),
  }
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  await response.text()
  return response.status
}

describe('a restart', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s delivers what was pending',
    async (signal) => {
      const env = { DATABASE_FILE: createFile() }
      const receiver = await startReceiver(() => {})
      const first = await startRelay({ env: { ...env, GRACE_MS: '400' } })
      const before = createClient(first.url)
      const { id, secret } = await before.subscribe(receiver.url)
      const events = await Promise.all(Array.from({ length: 20 }, (_, index) => before.post('a', index)))
      await until('some are on their way', () => receiver.received.length === 8)
      await first.end(signal)

      receiver.respond((response) => response.writeHead(204).end())
      const second = await startRelay({ env })
      const after = createClient(second.url)
      for (const event of events) await after.delivery(event, ({ status }) => status === 'delivered')
      const delivered = receiver.received.slice(8)
      expect(new Set(delivered.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(events))
      for (const received of delivered) verify(received, secret)
      expect(await after.call('GET', `/v1/subscriptions/${id}`)).toMatchObject({ body: { status: 'active' } })
      expect(await second.end()).toBe(0)
    },
    30_000,
  )
})

describe('SIGTERM', () => {
  it('lets every accepted request have its whole answer, while ready is 503 and live is 200', async () => {
    const relay = await startRelay({ env: { DRAIN_DELAY_MS: '1000' } })
    const client = createClient(relay.url)
    const receiver = await startReceiver()
    await client.subscribe(receiver.url)
    expect(await statusOf(`${relay.admin}/readyz`)).toBe(200)
    const begun = Array.from({ length: 10 }, (_, index) =>
      postInParts(relay, JSON.stringify({ type: 'a', data: `${index}`.repeat(500) })),
    )
    await until('all are accepted', async () => {
      const metrics = await (await fetch(`${relay.admin}/metrics`)).text()
      return Number(/^nodejs_active_resources\{type="TCPSocketWrap"\} (.*)$/m.exec(metrics)?.[1]) >= 10
    })
    const ended = relay.end('SIGTERM')
    await until('it drains', async () => (await statusOf(`${relay.admin}/readyz`)) === 503)
    expect(await statusOf(`${relay.admin}/livez`)).toBe(200)
    // None is refused before the listener stops
    expect(await client.post('late')).toMatch(/^evt_/)
    await until('the listener closes', () =>
      relay.lines().some(({ service, msg }) => service === 'Relay.Api' && msg === 'Closing'),
    )
    expect(await statusOf(`${relay.admin}/livez`)).toBe(200)
    const answers = await Promise.all(begun.map(({ finish }) => finish()))
    expect(answers.map(({ status }) => status)).toEqual(begun.map(() => 202))
    const ids = answers.map(({ body }) => (JSON.parse(body) as { id: string }).id)
    expect(new Set(ids).size).toBe(10)
    expect(await ended).toBe(0)
    expect(relay.lines().at(-1)).toMatchObject({ msg: 'Ended with exit code 0' })
  }, 30_000)

  it('closes the tree in reverse, the admin listener after it, and lets attempts in flight end', async () => {
    const relay = await startRelay()
    const client = createClient(relay.url)
    let finish = (): void => {}
    const receiver = await startReceiver((response) => {
      finish = () => response.writeHead(204).end()
    })
    const { id } = await client.subscribe(receiver.url)
    await client.post('a')
    await until('an attempt is made', () => receiver.received.length === 1)
    const ended = relay.end('SIGTERM')
    const closing = (name: string) => () =>
      relay.lines().some(({ service, msg }) => service === name && msg === 'Closing')
    await until('the deliveries close', closing(`Relay.Deliveries.${id}`))
    expect(await statusOf(`${relay.admin}/livez`)).toBe(200)
    finish()
    expect(await ended).toBe(0)
    const closed = relay.lines().filter(({ msg }) => msg === 'Closed')
    expect(closed.map(({ service }) => service)).toEqual([
      'Relay.Api',
      'Relay.Retention',
      `Relay.Deliveries.${id}`,
      'Relay.Deliveries',
      'Relay.Store',
      'Relay',
      'Admin',
      'HealthCheck',
    ])
  }, 30_000)

  it('gives an attempt up that takes too long, and still ends with 0', async () => {
    const env = { DATABASE_FILE: createFile(), GRACE_MS: '1000' }
    const relay = await startRelay({ env })
    const client = createClient(relay.url)
    const receiver = await startReceiver(() => {})
    await client.subscribe(receiver.url)
    const event = await client.post('a')
    await until('an attempt is made', () => receiver.received.length === 1)
    expect(await relay.end('SIGTERM')).toBe(0)
    const again = await startRelay({ env })
    const { deliveries } = await createClient(again.url).event(event)
    expect(deliveries).toMatchObject([{ status: 'pending', lastError: 'given up, as the relay stops' }])
    await again.end('SIGKILL')
  }, 30_000)
})

describe('a failed start', () => {
  it('ends with 1 and says which port is taken', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    for (const name of ['PORT', 'ADMIN_PORT']) {
      const { code, lines } = await runRelay({ env: { [name]: String(port) } })
      const error = lines.find(({ msg }) => msg.startsWith('Cannot start'))
      expect({ code, error: error?.msg }).toEqual({ code: 1, error: expect.stringContaining(`127.0.0.1:${port}`) })
      expect(lines.at(-1)?.msg).toBe('Ended with exit code 1')
    }
    server.close()
  }, 30_000)

  it('ends with 1 and says which database cannot be opened', async () => {
    const folder = createFolder()
    const { code, output } = await runRelay({ env: { DATABASE_FILE: folder } })
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining(`Cannot open the database \\"${folder}\\"`),
    })
  }, 30_000)
})

describe('wrong settings', () => {
  it('end with 2 and a line for each', async () => {
    const env = { PORT: 'eighty', API_TOKEN: 'hush hush', MAX_ATTEMPTS: '0' }
    expect(await runRelay({ env })).toMatchObject({
      code: 2,
      output: [
        'PORT ("eighty"): expected a whole number from 0 to 65535',
        'API_TOKEN (not shown): expected printable characters without spaces',
        'MAX_ATTEMPTS ("0"): expected a whole number from 1 to 1000',
        '',
      ].join('\n'),
    })
  }, 30_000)

  it('end with 2 for an argument that there is none', async () => {
    const { code, output } = await runRelay({ args: ['--demon'] })
    expect(code).toBe(2)
    expect(output).toMatch(/^Unknown option '--demon'.*Expected nothing, or --demo\n$/)
  }, 30_000)
})

describe('dist/main.js', () => {
  it('takes signals itself', async ({ skip }) => {
    if (!existsSync(fileURLToPath(new URL('../dist/main.js', import.meta.url)))) skip('the program is not built')
    const relay = await startRelay({ built: true })
    expect(await statusOf(`${relay.admin}/readyz`)).toBe(200)
    const lines = relay.lines().filter(({ msg }) => msg === 'Started')
    expect(lines.map(({ service }) => service)).toEqual([
      'HealthCheck',
      'Admin',
      'Relay.Store',
      'Relay.Deliveries',
      'Relay.Retention',
      'Relay.Api',
      'Relay',
    ])
    expect(await relay.end('SIGINT')).toBe(0)
  }, 30_000)
})

describe('--demo', () => {
  it('sends events to receivers of its own, in the same tree, and leaves no folder behind', async () => {
    const relay = await startRelay({ args: ['--demo'] })
    const client = createClient(relay.url)
    const { items } = (await client.call('GET', '/v1/subscriptions')).body as { items: readonly { id: string }[] }
    expect(items).toHaveLength(3)
    const names = [...(await (await fetch(`${relay.admin}/`)).text()).matchAll(/ data-id="(.*?)"/g)].map(
      ([, name]) => name,
    )
    expect(names).toEqual(
      expect.arrayContaining(
        ['Demo', 'Demo.Steady', 'Demo.Flaky', 'Demo.Slow', 'Demo.Source'].map((name) => `Relay.${name}`),
      ),
    )
    await until('events are delivered', async () => {
      const metrics = await (await fetch(`${relay.admin}/metrics`)).text()
      const name = `Relay.Deliveries.${items[0]?.id}`
      const count = new RegExp(`^svc_task_duration_seconds_count\\{service_id="${name}",task="attempt"\\} (.*)$`, 'm')
      return Number(count.exec(metrics)?.[1]) >= 2
    })
    const file = String(relay.lines().find((line) => line['file'] !== undefined)?.['file'])
    expect(existsSync(file)).toBe(true)
    expect(await relay.end()).toBe(0)
    expect(existsSync(dirname(file))).toBe(false)
    expect(relay.lines().filter(({ level }) => Number(level) >= 40)).toEqual([])
  }, 30_000)
})
