import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createScope } from '@svc/core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { closeReceivers, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, createFolder, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'
import type { NewEvent } from './store/events.ts'
import { createStore, type Store } from './store/store.ts'
import { createWriteQueue } from './store/write-queue.ts'

const PRLIMIT = '/usr/bin/prlimit'

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

function createFile(): string {
  return join(createFolder(), 'relay.db')
}

async function withStore(run: (store: Store) => Promise<void>, file = createFile()): Promise<void> {
  const store = createStore(createScope(), { file, maxPending: 1_000 })
  await store.start()
  try {
    await run(store)
  } finally {
    await store.close()
  }
}

function newEvent(id: string, more: Partial<NewEvent> = {}): NewEvent {
  const event = {
    id,
    type: 'a',
    data: '{}',
    traceparent: undefined,
    idempotencyKey: undefined,
    digest: '',
    createdAt: 1,
  }
  return { ...event, ...more }
}

async function subscribe(store: Store, id: string): Promise<void> {
  const subscription = { id, url: 'http://a/', types: ['*'], secret: '', status: 'active', createdAt: 1 } as const
  await store.write(({ subscriptions }) => {
    subscriptions.insert(subscription)
  })
}

function countPending(file: string): { readonly counted: unknown; readonly real: unknown } {
  const database = new DatabaseSync(file, { readOnly: true })
  const counted = database.prepare(`SELECT value FROM counters WHERE name = 'pending'`).get()?.['value']
  const real = database.prepare(`SELECT count(*) AS n FROM deliveries WHERE status = 'pending'`).get()?.['n']
  database.close()
  return { counted, real }
}

describe('createStore()', () => {
  it('keeps a log beside the file, which goes with a close', async () => {
    const file = createFile()
    await withStore(async (store) => {
      await store.write(({ events }) => events.accept(newEvent('x')))
      expect(existsSync(`${file}-wal`)).toBe(true)
    }, file)
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  it('counts what is pending, whatever becomes of it', async () => {
    const file = createFile()
    await withStore(async (store) => {
      await subscribe(store, 's')
      await subscribe(store, 't')
      for (let i = 0; i < 5; i++) await store.write(({ events }) => events.accept(newEvent(`e${i}`)))
      expect(countPending(file)).toEqual({ counted: 10, real: 10 })
      const claimed = await store.write(({ deliveries }) => deliveries.claim('s', 4, 10))
      expect(claimed.map(({ event, attempts }) => [event, attempts])).toEqual([0, 1, 2, 3].map((i) => [`e${i}`, 1]))
      await store.write(({ deliveries }) => {
        const [one, two, three] = claimed
        deliveries.delivered(one?.id ?? 0, 11)
        deliveries.delivered(one?.id ?? 0, 12)
        deliveries.died(two?.id ?? 0, 'no', 11)
        deliveries.failed(three?.id ?? 0, 'no', 99)
      })
      expect(countPending(file)).toEqual({ counted: 8, real: 8 })
      expect(await store.write(({ deliveries }) => deliveries.retry('e1', 's', 12))).toBe('pending')
      expect(countPending(file)).toEqual({ counted: 9, real: 9 })
      await store.write(({ subscriptions }) => subscriptions.remove('t'))
      expect(countPending(file)).toEqual({ counted: 4, real: 4 })
      expect(await store.write(({ events }) => events.prune(10, 500))).toBe(1)
      await store.write(({ subscriptions }) => {
        subscriptions.disable('s', 'gone', 13)
      })
      expect(countPending(file)).toEqual({ counted: 0, real: 0 })
      expect(await store.write(({ events }) => events.prune(10, 500))).toBe(4)
      expect(store.read(({ events }) => events.get('e1'))).toBeUndefined()
    }, file)
  })

  it('lets one write that fails fail alone', async () => {
    await withStore(async (store) => {
      const write = (id: string) => store.write(({ events }) => events.accept(newEvent(id)))
      const bad = store.write(() => {
        throw new Error('a mistake')
      })
      const outcomes = await Promise.allSettled([write('x'), bad, write('y'), write('x')])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
      expect(store.read(({ events }) => ['x', 'y'].map((id) => events.get(id)?.id))).toEqual(['x', 'y'])
      expect(store.healthReport()).toEqual(new Map([['Store', null]]))
    })
  })

  it('says which file it cannot open, and why', async () => {
    const reasonFor = async (file: string): Promise<string> => {
      const store = createStore(createScope(), { file, maxPending: 1 })
      const error = await store.start().catch((error: unknown) => error)
      return ((error as Error).cause as Error).message
    }
    const folder = createFolder()
    expect(await reasonFor(folder)).toBe(`Cannot open the database "${folder}": unable to open database file`)
    const newer = createFile()
    const database = new DatabaseSync(newer)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(await reasonFor(newer)).toBe(
      `Cannot open the database "${newer}": it is of version 99, this program knows 1`,
    )
  })

  it('refuses once it is closed', async () => {
    let store: Store | undefined
    await withStore(async (it) => {
      store = it
    })
    await expect(store?.write(() => 1)).rejects.toMatchObject({ code: 'NOT_STARTED' })
    expect(() => store?.read(() => 1)).toThrow('Store')
  })
})

describe('createWriteQueue()', () => {
  it('writes all of one turn in one transaction', async () => {
    const database = new DatabaseSync(':memory:')
    const log: string[] = []
    const exec = database.exec.bind(database)
    vi.spyOn(database, 'exec').mockImplementation((sql) => {
      log.push(sql)
      exec(sql)
    })
    const told: unknown[] = []
    const { write } = createWriteQueue(database, (error) => told.push(error))
    const one = async (name: string): Promise<void> => {
      await write(() => log.push(`write ${name}`))
      log.push(`stored ${name}`)
    }
    await Promise.all([one('x'), one('y')])
    expect(log).toEqual(['BEGIN IMMEDIATE', 'write x', 'write y', 'COMMIT', 'stored x', 'stored y'])
    expect(told).toEqual([null])
    database.close()
  })
})

describe('Relay.Store', () => {
  it('is unhealthy while the file is locked, and healthy after the next success', async () => {
    const file = createFile()
    const relay = await startRelay({ env: { DATABASE_FILE: file } })
    const client = createClient(relay.url)
    const receiver = await startReceiver()
    await client.subscribe(receiver.url)
    const health = async (): Promise<string> => (await fetch(`${relay.admin}/health.txt`)).text()
    // The relay may be writing just now
    const other = new DatabaseSync(file, { timeout: 5_000 })
    other.exec('BEGIN IMMEDIATE')
    const refused = await client.call('POST', '/v1/events', { type: 'a', data: 1 })
    expect({
      status: refused.status,
      retryAfter: refused.headers.get('retry-after'),
      body: refused.body,
    }).toMatchObject({
      status: 503,
      retryAfter: '1',
      body: { title: 'Service Unavailable', status: 503 },
    })
    expect(await health()).toContain('!  Relay.Store\n\tdatabase: database is locked\n')
    expect((await client.call('GET', '/v1/subscriptions')).status).toBe(200)
    other.exec('ROLLBACK')
    await until('the store is healthy by itself', async () => (await health()).includes('ok Relay.Store\n'))
    const event = await client.post('a')
    await client.delivery(event, ({ status }) => status === 'delivered')
    other.close()
    expect(await relay.end()).toBe(0)
  }, 30_000)

  it('is unhealthy while the disk is full, and loses nothing that it has accepted', async ({ skip }) => {
    if (!existsSync(PRLIMIT)) skip('prlimit is not installed')
    const file = createFile()
    const relay = await startRelay({ env: { DATABASE_FILE: file } })
    const client = createClient(relay.url)
    const receiver = await startReceiver()
    await client.subscribe(receiver.url)
    // What a full disk does to a write, a limit on the size of files does as well
    const limit = (bytes: number | 'unlimited'): void => {
      execFileSync(PRLIMIT, ['--pid', String(relay.child.pid), `--fsize=${bytes}:unlimited`])
    }
    limit(statSync(`${file}-wal`).size)
    const accepted: string[] = []
    const refused = await until('nothing can be stored', async () => {
      const { status, body } = await client.call('POST', '/v1/events', { type: 'a', data: 'x'.repeat(1_000) })
      if (status === 202) accepted.push((body as { id: string }).id)
      return status !== 202 && status
    })
    expect(refused).toBe(503)
    const health = async (): Promise<string> => (await fetch(`${relay.admin}/health.txt`)).text()
    expect(await health()).toMatch(/^! {2}Relay\.Store\n\tdatabase: /m)
    limit('unlimited')
    await until('the store is healthy by itself', async () => (await health()).includes('ok Relay.Store\n'))
    accepted.push(await client.post('a'))
    for (const event of accepted) await client.delivery(event, ({ status }) => status === 'delivered')
    expect(await relay.end()).toBe(0)
  }, 30_000)
})

describe('Relay.Retention', () => {
  it('removes what is old, unless it is still to be delivered', async () => {
    const relay = await startRelay({ env: { RETENTION_DAYS: '0.00001' } })
    const client = createClient(relay.url)
    const receiver = await startReceiver()
    const hanging = await startReceiver(() => {})
    await client.subscribe(receiver.url, { types: ['done'] })
    await client.subscribe(hanging.url, { types: ['pending'] })
    const [pending, done] = [await client.post('pending'), await client.post('done')]
    await until('it is removed', async () => (await client.call('GET', `/v1/events/${done}`)).status === 404)
    expect((await client.event(pending)).deliveries).toMatchObject([{ status: 'pending' }])
    await relay.end('SIGKILL')
  }, 30_000)
})
