import { createService } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { child, createProgram, seriesIn, start } from './fixtures/program.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(clients)('the health that prometheus() shows, with %s', (_, { Registry }) => {
  it('shows no health, uptime or version before a checker has told of itself', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    start(child(scope, 'App'))

    expect(
      seriesIn(await registry.metrics(), /^(health|uptime|version|svc_ready|svc_build|svc_health_(last|check|trans))/),
    ).toEqual([])
    createFakeSource().poll(scope, {})
    expect(
      seriesIn(await registry.metrics(), /^(health|uptime|version|svc_ready|svc_build|svc_health_last)/),
    ).toHaveLength(4)
  })

  it('shows no time of a check that has not been, and no uptime of what has not started', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const source = createFakeSource()
    source.poll(scope, {})
    source.set({ checkedAt: 0, startedAt: 0 })

    expect(seriesIn(await registry.metrics(), /^(uptime|svc_health_last)/)).toEqual([])
  })

  it('shows the worst of several checkers', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(1_700_000_100_000 - performance.timeOrigin)
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const a = createFakeSource({ startedAt: 1_700_000_000_000 })
    const b = createFakeSource({ startedAt: 1_700_000_050_000, version: '2', commit: 'b' }, 'Other')
    a.poll(scope, { Both: null, A: null }, { readiness: { Both: new Error('starting') } })
    b.poll(scope, { Both: new Error('red'), B: null }, { readiness: { Both: null } })
    b.set({ checkedAt: 1_700_000_001_000 })

    expect(seriesIn(await registry.metrics(), /^(health|uptime|version|svc_ready|svc_health_last)/)).toEqual([
      'health{service_id="Both"} 0',
      'health{service_id="A"} 1',
      'health{service_id="B"} 1',
      'uptime_seconds 100',
      'version{version="1.2.3",commit="abcdef0"} 1',
      'version{version="2",commit="b"} 1',
      'svc_ready{service_id="Both"} 0',
      'svc_health_last_check_timestamp_seconds 1700000001',
    ])
  })

  it('shows all checkers that have one name, until one is over and is made anew', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const [app, other] = [
      createService({ name: 'App', parent: scope }),
      createService({ name: 'Other', parent: scope }),
    ]
    const checkers = [createHealthChecker({ parent: scope }), createHealthChecker({ parent: scope })] as const
    checkers[0].register(app)
    checkers[1].register(other)
    for (const service of [...checkers, app, other]) await service.start()
    const health = async (): Promise<string[]> => seriesIn(await registry.metrics(), /^health/)
    expect(await health()).toEqual(['health{service_id="App"} 1', 'health{service_id="Other"} 1'])

    await checkers[1].close()
    expect(await health()).toEqual(['health{service_id="App"} 1', 'health{service_id="Other"} 1'])
    const anew = createHealthChecker({ parent: scope })
    anew.register(app)
    checkers[1].unregister('Other')
    expect(await health()).toEqual(['health{service_id="App"} 1'])
    for (const service of [checkers[0], app, other]) await service.close()
  })

  it('leaves out a snapshot that throws or is nonsense, and says so once', async () => {
    const registry = new Registry()
    const { scope, log } = createProgram({ registry })
    const good = createFakeSource()
    const bad = createFakeSource({}, 'Bad')
    good.poll(scope, { Good: null })
    bad.poll(scope, { Bad: null })
    expect(seriesIn(await registry.metrics(), /^health/)).toHaveLength(2)

    bad.snapshot = () => {
      throw new Error('broken')
    }
    expect(seriesIn(await registry.metrics(), /^health/)).toEqual(['health{service_id="Good"} 1'])
    bad.snapshot = () => ({ ...good.snapshot(), health: 5 }) as never
    expect(seriesIn(await registry.metrics(), /^health/)).toEqual(['health{service_id="Good"} 1'])
    expect(log).toEqual([])
    start(child(scope, 'Good'))
    expect(log).toEqual(['error Cannot read a health snapshot: its series are left out of the scrape {"err":{}}'])
  })

  it('reads a snapshot and nothing else at a scrape', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const source = createFakeSource()
    source.poll(scope, { App: null })
    const touched = new Set<PropertyKey>()
    const snapshot = source.snapshot()
    source.snapshot = () =>
      new Proxy(snapshot, { get: (target, key) => (touched.add(key), Reflect.get(target, key) as unknown) })
    await registry.metrics()

    expect([...touched].map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'checkedAt',
      'commit',
      'health',
      'readiness',
      'revision',
      'startedAt',
      'version',
    ])
  })

  it('shows of a reporter written by hand what a checker knows of it', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    createFakeSource().poll(scope, { ByHand: null })

    expect(seriesIn(await registry.metrics(), 'ByHand')).toEqual([
      'health{service_id="ByHand"} 1',
      'svc_ready{service_id="ByHand"} 1',
      'svc_health_transitions_total{service_id="ByHand",to="healthy"} 0',
      'svc_health_transitions_total{service_id="ByHand",to="unhealthy"} 0',
    ])
  })

  it('counts a transition only between healthy and unhealthy', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const source = createFakeSource()
    const transitions = async () =>
      seriesIn(await registry.metrics(), /^svc_health_transitions/)
        .map((line) => line.slice(-1))
        .join()
    const seen: string[] = []
    for (const error of [new Error('came red'), new Error('other red'), null, new Error('red'), null]) {
      source.poll(scope, { App: error })
      seen.push(await transitions())
    }

    expect(seen).toEqual(['0,0', '0,0', '1,0', '1,1', '2,1'])
  })
})
