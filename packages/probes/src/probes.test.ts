import { createScope, type HealthSnapshot } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { accept, create, createFake, get, notStarted } from './fixtures/fake-source.ts'
import { createProbes, type Probes, type ProbesOptions } from './index.ts'

describe('createProbes()', () => {
  describe('details', () => {
    it('shows names and status only, unless asked to show more', async () => {
      const log: string[] = []
      for (const details of [undefined, 'never', 'always'] as const) {
        const { probes, fake } = create({ details })
        fake.set([['App', new Error('db-host:5432 refused')]])
        for (const path of ['/readyz', '/readyz/App', '/health', '/health.txt', '/health?format=spring']) {
          log.push(`${details} ${(await get(probes, path)).includes('5432')}`)
        }
        log.push(`${details} ${(await get(probes, '/health', accept('application/health+json'))).includes('1.2.3')}`)
      }
      expect(log).toEqual([
        ...Array.from({ length: 6 }, () => 'undefined false'),
        ...Array.from({ length: 6 }, () => 'never false'),
        ...Array.from({ length: 6 }, () => 'always true'),
      ])
    })

    it('asks the function for each request, whatever was rendered before', async () => {
      const { probes, fake } = create({ details: (request) => request.headers.has('authorization') })
      fake.set([['App', new Error('secret')]])
      const headers = { authorization: 'Bearer me' }
      const log: string[] = []
      for (const path of ['/readyz', '/readyz/App', '/health']) {
        for (const init of [{ headers }, {}]) log.push(`${path} ${(await get(probes, path, init)).includes('secret')}`)
      }
      expect(log).toEqual([
        '/readyz true',
        '/readyz false',
        '/readyz/App true',
        '/readyz/App false',
        '/health true',
        '/health false',
      ])
    })

    it('answers 500 when the function throws, or gives a promise, and shows nothing', async () => {
      const log: string[] = []
      const rejecting = (async () => Promise.reject(new Error('late'))) as unknown as () => boolean
      for (const details of [
        () => {
          throw new Error('broken')
        },
        rejecting,
        (() => 1) as unknown as () => boolean,
      ]) {
        const { probes, fake } = create({ details })
        fake.set([['App', new Error('secret')]])
        log.push(await get(probes, '/readyz'), await get(probes, '/health'))
      }
      expect(log).toEqual(Array.from({ length: 6 }, () => '500 Cannot answer: reason withheld\n'))
    })
  })

  describe('HTTP', () => {
    const paths = ['/livez', '/readyz', '/startupz', '/readyz/App', '/health', '/health.txt', '/metrics']

    it.each(paths)('answers a HEAD of %s with the headers of its GET and no body', async (path) => {
      const { probes } = create({ metrics: { contentType: 'text/plain', metrics: async () => 'up 1\n' } })
      const got = await probes(new Request(`http://localhost${path}`))
      const head = await probes(new Request(`http://localhost${path}`, { method: 'HEAD' }))
      const { length } = await got.bytes()
      expect([head.status, await head.text(), [...head.headers]]).toEqual([got.status, '', [...got.headers]])
      expect(head.headers.get('content-length')).toBe(String(length))
    })

    it.each(paths)('allows nothing but GET and HEAD at %s', async (path) => {
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const response = await create().probes(new Request(`http://localhost${path}`, { method }))
        expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
      }
    })

    it.each(['/', '/live', '/livezz', '/health/', '/health.txt/x', '/metrics/x', '//livez'])(
      'answers 404 at %s',
      async (path) => {
        expect(await get(create().probes, path)).toMatch(/^404 Cannot find this page: expected \/livez, /)
      },
    )

    it.each([...paths, '/nowhere', '/readyz/nobody'])('is never stored or sniffed: %s', async (path) => {
      const response = await create().probes(new Request(`http://localhost${path}`))
      expect([response.headers.get('cache-control'), response.headers.get('x-content-type-options')]).toEqual([
        'no-store',
        'nosniff',
      ])
    })
  })

  describe('the source', () => {
    it.each(['/livez', '/readyz', '/startupz/App', '/health'])('answers 500 at %s when it throws', async (path) => {
      const source = {
        snapshot: (): HealthSnapshot => {
          throw new Error('secret')
        },
      }
      expect(await get(create({ source }).probes, path)).toBe('500 Cannot answer: reason withheld\n')
      expect(await get(create({ source, details: 'always' }).probes, path)).toBe('500 Cannot answer: Error: secret\n')
      const nonsense = { snapshot: () => undefined as unknown as HealthSnapshot }
      expect(await get(create({ source: nonsense }).probes, path)).toMatch(/^500 /)
    })

    it('is read by its snapshot alone, which consumes nothing', async () => {
      const calls: (string | symbol)[] = []
      const fake = createFake()
      const source = new Proxy(fake.source, {
        get: (target, key) => {
          calls.push(key)
          return Reflect.get(target, key) as unknown
        },
      })
      const { probes } = create({ source })
      calls.length = 0
      for (const path of ['/livez', '/readyz', '/startupz', '/health', '/health.txt']) await get(probes, path)
      expect(calls).toEqual(Array.from({ length: 5 }, () => 'snapshot'))
    })

    it('serialises an unchanged report of 10,000 entries once', async () => {
      const { probes, fake } = create()
      let reads = 0
      const health = new Map<string, Error | null>()
      for (let i = 0; i < 10_000; i++) health.set(`App.${i}`, i === 0 ? new Error('down') : null)
      const counted = new Proxy(health, {
        get: (target, key) => {
          reads++
          const value: unknown = Reflect.get(target, key)
          return typeof value === 'function' ? (value as () => unknown).bind(target) : value
        },
      })
      const all = ['/readyz', '/readyz?verbose', '/health', '/health?failing', '/health.txt', '/health?format=spring']
      const readsOf = async (): Promise<number> => {
        reads = 0
        for (const path of all) await get(probes, path)
        return reads
      }
      fake.set([['App', notStarted('App', 'Starting')]], [], { health: counted, healthy: false })
      const first = await readsOf()
      const again = await readsOf()
      fake.set([['App', notStarted('App', 'Starting')]], [], { health: counted, healthy: false })
      expect([first > 0, again, (await readsOf()) > 0]).toEqual([true, 0, true])
    })

    it('gives a large report in full, again and again', async () => {
      const { probes, fake } = create()
      const entry = (name: string): string =>
        `{"type":"checks","id":"${name}","attributes":{"name":"${name}","status":"passing","output":""}}`
      const names = Array.from({ length: 5000 }, (_, i) => `App.${i}`)
      fake.set(
        [],
        names.map((name) => [name, null] as const),
      )
      const { length } = `{"data":[${names.map(entry).join(',')}]}`
      const log: unknown[] = []
      for (const method of ['GET', 'HEAD', 'GET']) {
        const response = await probes(new Request('http://localhost/health', { method }))
        log.push([method, (await response.bytes()).length, response.headers.get('content-length')])
      }
      expect(log).toEqual([
        ['GET', length, String(length)],
        ['HEAD', 0, String(length)],
        ['GET', length, String(length)],
      ])
    })

    it('keeps nothing that a client makes up', async () => {
      const { probes, fake } = create()
      fake.set([['App', new Error('down')]])
      const log: string[] = []
      for (const name of ['App', 'x', 'App']) log.push((await get(probes, `/readyz?exclude=${name}`)).slice(0, 3))
      expect(log).toEqual(['200', '503', '200'])
    })
  })

  describe('bad input', () => {
    const { source } = createFake()
    const { draining } = createScope()
    const metrics = { contentType: 'text/plain', metrics: async () => '' }
    const cases: [string, unknown, RegExp][] = [
      ['no options', undefined, /Cannot use the options: expected an object, got undefined/],
      ['null', null, /the options: expected an object/],
      ['no source', { draining }, /option "source": expected an object, got undefined/],
      ['a source without snapshot', { source: {}, draining }, /"snapshot" of option "source": expected a function/],
      ['no draining', { source }, /option "draining": expected an AbortSignal, got undefined/],
      [
        'a draining that is none',
        { source, draining: {} },
        /option "draining": expected an AbortSignal, got an object/,
      ],
      ['metrics that are none', { source, draining, metrics: 1 }, /option "metrics": expected an object, got 1/],
      ['metrics without a type', { source, draining, metrics: { metrics: metrics.metrics } }, /"contentType"/],
      [
        'metrics without a function',
        { source, draining, metrics: { contentType: '' } },
        /"metrics" of option "metrics"/,
      ],
      [
        'a list with a gap',
        { source, draining, metrics: [metrics, undefined] },
        /item 1 of option "metrics": expected an object, got undefined/,
      ],
      [
        'a list with what is no registry',
        { source, draining, metrics: [metrics, { contentType: '' }] },
        /"metrics" of item 1 of option "metrics": expected a function/,
      ],
      [
        'unknown details',
        { source, draining, details: 'some' },
        /expected "never", "always" or a function, got "some"/,
      ],
      ['null details', { source, draining, details: null }, /option "details"/],
      ['a status as text', { source, draining, unhealthyStatus: '503' }, /expected a number, got "503"/],
    ]

    it.each(cases)('refuses %s', (_, options, message) => {
      const make = (): Probes => createProbes(options as ProbesOptions)
      expect(make).toThrow(TypeError)
      expect(make).toThrow(message)
    })

    it('refuses an empty list of registries', () => {
      expect(() => createProbes({ source, draining, metrics: [] })).toThrow(
        new RangeError('Cannot use option "metrics": expected a registry or a list of them, got an empty list'),
      )
    })

    it.each([Number.NaN, -1, 0, 199, 204, 205, 304, 500.5, 600, Infinity])(
      'refuses the status %s',
      (unhealthyStatus) => {
        const make = (): Probes => createProbes({ source, draining, unhealthyStatus })
        expect(make).toThrow(RangeError)
        expect(make).toThrow(/expected an HTTP status of 200 to 599 that has a body/)
      },
    )

    it.each([undefined, null, '/livez', {}, { url: 'http://localhost/livez' }])(
      'refuses the request %s',
      async (request) => {
        await expect(createProbes({ source, draining })(request as unknown as Request)).rejects.toThrow(TypeError)
      },
    )
  })
})
