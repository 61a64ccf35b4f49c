import { createScope, joinErrors } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { create, createFake, type Entries, get, notStarted } from './fixtures/fake-source.ts'
import { createProbes } from './index.ts'

describe('createProbes()', () => {
  describe('/livez', () => {
    it('has nothing to do with health or readiness', async () => {
      const { probes, fake } = create()
      fake.set([['App', notStarted('App', 'Starting')]], [['App', new Error('sick')]])
      expect(await get(probes, '/livez')).toBe('200 ok')
      expect(await get(probes, '/livez?verbose')).toBe('200 [+]ping ok\n[+]App ok\nlivez check passed\n')
    })

    it.each(['StartFailed', 'StopFailed'] as const)('fails once a root is %s', async (state) => {
      const { probes, fake } = create()
      fake.set([
        ['Other', null],
        ['App', joinErrors([notStarted('App', state), notStarted('App.Db', 'Stopped')])],
      ])
      expect(await get(probes, '/livez')).toBe(
        '503 [+]ping ok\n[+]Other ok\n[-]App failed: reason withheld\nlivez check failed\n',
      )
      expect(await get(probes, '/livez/App')).toBe('503 internal server error: reason withheld\n')
      expect(await get(probes, '/livez/Other')).toBe('200 ok')
    })

    it('finds the failed state of a root that is reported under another name', async () => {
      const { probes, fake } = create()
      fake.set([['Wrapper', new Error('wrapped', { cause: notStarted('Inner', 'StartFailed') })]])
      expect(await get(probes, '/livez')).toMatch(/^503 /)
    })

    it('stays 200 while a root closes and a part of it has failed to stop', async () => {
      const { probes, fake } = create()
      const readiness = joinErrors([notStarted('App', 'Stopping'), notStarted('App.Db', 'StopFailed')])
      fake.set(
        [['App', readiness]],
        [
          ['App', null],
          ['App.Db', null],
        ],
      )
      expect(await get(probes, '/livez')).toBe('200 ok')
      expect(await get(probes, '/livez/App.Db')).toMatch(/^503 /)
      expect(await get(probes, '/livez/ping')).toBe('200 ok')
    })

    it('stays 200 while draining, and /readyz is 503 at once', async () => {
      const { probes, drain } = create()
      const log = [await get(probes, '/readyz')]
      drain()
      log.push(await get(probes, '/readyz'), await get(probes, '/livez'), await get(probes, '/readyz/shutdown'))
      expect(log).toEqual([
        '200 ok',
        '503 [+]ping ok\n[+]App ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
        '200 ok',
        '503 internal server error: reason withheld\n',
      ])
    })

    it('asks no function of the user as long as it passes', async () => {
      const { probes } = create({
        details: () => {
          throw new Error('broken')
        },
      })
      expect(await get(probes, '/livez?verbose')).toMatch(/^200 /)
    })
  })

  describe('/readyz', () => {
    it('lists every service when one is not ready, with its reason withheld', async () => {
      const { probes, fake } = create()
      const down = notStarted('App.Db', 'Starting')
      fake.set(
        [['App', down]],
        [
          ['App', null],
          ['App.Db', down],
          ['App.Api', new Error('sick, but started')],
        ],
      )
      expect(await get(probes, '/readyz')).toBe(
        '503 [+]ping ok\n[-]App failed: reason withheld\n[-]App.Db failed: reason withheld\n[+]App.Api ok\n[+]shutdown ok\nreadyz check failed\n',
      )
      expect(await get(probes, '/readyz/App.Db')).toBe('503 internal server error: reason withheld\n')
      expect(await get(probes, '/readyz/App.Api')).toBe('200 ok')
    })

    it.each(['verbose', 'full'])('lists the checks with ?%s when it passes', async (parameter) => {
      const { probes } = create()
      expect(await get(probes, `/readyz?${parameter}`)).toBe(
        '200 [+]ping ok\n[+]App ok\n[+]shutdown ok\nreadyz check passed\n',
      )
    })

    it('leaves out what is excluded, and warns of what there is not', async () => {
      const { probes, fake } = create()
      fake.set([
        ['A', new Error('down')],
        ['B', new Error('down')],
      ])
      const log = [
        await get(probes, '/readyz?exclude=A'),
        await get(probes, '/readyz?exclude=A&exclude=B'),
        await get(probes, '/readyz?verbose&exclude=z&exclude=A&exclude=B&exclude=%22y%22&exclude=z'),
      ]
      expect(log).toEqual([
        '503 [+]ping ok\n[+]A excluded: ok\n[-]B failed: reason withheld\n[+]shutdown ok\nreadyz check failed\n',
        '200 ok',
        '200 [+]ping ok\n[+]A excluded: ok\n[+]B excluded: ok\n[+]shutdown ok\n' +
          'warn: some health checks cannot be excluded: no matches for "\\"y\\"", "z"\nreadyz check passed\n',
      ])
    })

    it('fails when the source is not ready and no name is to blame', async () => {
      const { probes, fake } = create()
      fake.set([['App', null]], [['App', null]], { ready: false })
      expect(await get(probes, '/readyz')).toBe(
        '503 [+]ping ok\n[+]App ok\n[+]shutdown ok\n[-]ready failed: reason withheld\nreadyz check failed\n',
      )
    })

    it('follows the snapshot from one request to the next', async () => {
      const { probes, fake } = create()
      const log: string[] = []
      for (const error of [null, new Error('down'), null]) {
        fake.set([['App', error]])
        log.push((await get(probes, '/readyz')).slice(0, 3))
      }
      expect(log).toEqual(['200', '503', '200'])
    })
  })

  describe('/startupz', () => {
    it('fails until everything was ready once, and never again', async () => {
      const fake = createFake([
        ['App', notStarted('App', 'Starting')],
        ['Other', null],
      ])
      const probes = createProbes({ source: fake.source, draining: createScope().draining })
      const log = [
        await get(probes, '/startupz'),
        await get(probes, '/startupz/App'),
        await get(probes, '/startupz/Other'),
      ]
      fake.set([
        ['App', null],
        ['Other', null],
      ])
      log.push(await get(probes, '/startupz'))
      fake.set([
        ['App', notStarted('App', 'Stopped')],
        ['Other', null],
      ])
      log.push(await get(probes, '/startupz?verbose'), await get(probes, '/startupz/App'))
      expect(log).toEqual([
        '503 [+]ping ok\n[-]App failed: reason withheld\n[+]Other ok\n[-]startup failed: reason withheld\nstartupz check failed\n',
        '503 internal server error: reason withheld\n',
        '200 ok',
        '200 ok',
        '200 [+]ping ok\n[+]App ok\n[+]Other ok\n[+]startup ok\nstartupz check passed\n',
        '200 ok',
      ])
    })
  })

  it('tells of a part whether it has started, in /startupz', async () => {
    const { probes, fake } = create()
    const log: string[] = []
    const health: Entries = [
      ['App', null],
      ['App.Db', null],
    ]
    for (const [state, everReady] of [
      ['Starting', false],
      ['Stopping', false],
      ['Unstarted', true],
    ] as const) {
      fake.set([['App', notStarted('App.Db', state)]], health, { everReady })
      log.push((await get(probes, '/startupz/App.Db')).slice(0, 3))
    }
    expect(log).toEqual(['503', '200', '200'])
  })

  describe('names', () => {
    const odd = ['__proto__', 'a.b', 'a/b', '"quote"', 'line\nbreak', '🦀', 'percent%', 'a b', '<b>', 'constructor']

    it.each(odd)('finds a check named %j by its path', async (name) => {
      const { probes, fake } = create()
      fake.set([
        [name, new Error('down')],
        ['fine', null],
      ])
      const path = encodeURIComponent(name)
      expect([
        await get(probes, `/readyz/${path}`),
        await get(probes, `/readyz?exclude=${path}`),
        await get(probes, '/readyz/fine'),
      ]).toEqual(['503 internal server error: reason withheld\n', '200 ok', '200 ok'])
    })

    it('does not let a name or a message add lines to a report', async () => {
      const { probes, fake } = create({ details: 'always' })
      fake.set([['a\n[+]b ok\u2028\u0085', new Error('one\ntwo')]])
      expect(await get(probes, '/readyz')).toBe(
        '503 [+]ping ok\n[-]a\\n[+]b ok\\u2028\\u0085 failed: one\\ntwo\n[+]shutdown ok\nreadyz check failed\n',
      )
    })

    it.each(['/readyz/nobody', '/readyz/', '/readyz/%zz', '/livez/toString', '/livez/shutdown'])(
      'answers 404 for the unknown check %s',
      async (path) => {
        expect(await get(create().probes, path)).toMatch(/^404 Cannot find this check/)
      },
    )

    it('does not hide a failing service called "ping" or "shutdown"', async () => {
      const { probes, fake } = create()
      fake.set([
        ['ping', new Error('down')],
        ['shutdown', new Error('down')],
      ])
      expect(await get(probes, '/readyz')).toBe(
        '503 [-]ping failed: reason withheld\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
      )
    })
  })
})
