import { createScope, emit, type Operation, type Scope } from '@svc/core'
import { createService, createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { describe, expect, it } from 'vitest'
import { problems, shown, startProgram, textOf } from '../fixtures/program.ts'
import { createDashboard, type Dashboard } from '../index.ts'

async function pageOf(dashboard: Dashboard, path = '/'): Promise<string> {
  return (await dashboard.handler()(new Request(`http://localhost${path}`))).text()
}

const headline = (page: string): string => textOf(/<h1[^>]*>(.*?)<\/h1>/s.exec(page)?.[1] ?? '')
const IMG = '<img src=x onerror=alert(1)>'

describe('the page of the services', () => {
  it('shows state, readiness, health, uptime and version, each service once under its parent', async () => {
    const { page } = await startProgram(['Store', 'Api'])
    const text = await page()
    expect(headline(text)).toBe('All 4 services are healthy')
    expect(shown(text, 'App')).toEqual({ level: 'good', text: 'App 2 services Healthy Started, ready, up TIME' })
    expect(shown(text, 'App.Store')).toEqual({ level: 'good', text: 'Store Healthy Started, up TIME' })
    expect(shown(text, 'HealthCheck')?.text).toContain('Running Started, up TIME')
    expect(text).toMatch(
      /<ul class="brief"[^]*ready[^]*version <bdi>1\.2\.3<\/bdi>[^]*up <time[^]*polled \d\d:\d\d:\d\d UTC/,
    )
    expect(text.match(/data-id="App\.Store"/g)).toHaveLength(1)
    expect(problems(text)).toEqual([])
  })

  it('puts what is not well on top, that which fell first before the others, with since when and why', async () => {
    const { engines, page } = await startProgram(['Store', 'Api'])
    const cause = new Error('connect ECONNREFUSED 10.0.0.7:5432')
    engines.get('Store')?.setHealthCondition('unreachable', new Error('no answer from db-1', { cause }))
    engines.get('Api')?.setHealthCondition('store', new Error('cannot read'))
    engines.get('Api')?.setHealthCondition('disk', new Error('full'))
    const text = await page()
    expect(headline(text)).toBe('2 of 4 services are unhealthy')
    expect(problems(text)).toEqual([
      [
        'App.Store',
        expect.stringMatching(
          /^App\.Store traces of App\.Store Unhealthy since \d\d:\d\d:\d\d UTC, for TIME unreachable no answer from db-1 because connect ECONNREFUSED 10\.0\.0\.7:5432$/,
        ),
      ],
      [
        'App.Api',
        expect.stringMatching(
          /^App\.Api traces of App\.Api Unhealthy since .*, for TIME store cannot read disk full for TIME$/,
        ),
      ],
    ])
    expect(shown(text, 'App.Store')).toMatchObject({
      level: 'bad',
      text: expect.stringContaining('no answer from db-1'),
    })
    expect(shown(text, 'App')?.text).toContain('2 services, 2 unhealthy')
  })

  it('turns green by itself, and remembers for a while what it was', async () => {
    const { engines, page } = await startProgram(['Store'])
    const store = engines.get('Store')
    store?.setHealthCondition('disk', new Error('full'))
    store?.clearHealthCondition('disk')
    const text = await page()
    expect([headline(text), problems(text)]).toEqual(['All 3 services are healthy', []])
    expect(shown(text, 'App.Store')).toEqual({
      level: 'good',
      text: expect.stringMatching(/^Store Healthy .* was unhealthy for .* until .* UTC, TIME ago: disk: full$/),
    })
  })

  it('keeps the time since when while the reason changes, and begins anew after it was well', async () => {
    const { engines, page } = await startProgram(['Store'])
    const store = engines.get('Store')
    const since = async (): Promise<string | undefined> =>
      /<h2 id="problems[^]*?data-at="(\d+)"/.exec(await page())?.[1]
    store?.setHealthCondition('a', new Error('first'))
    const first = await since()
    await new Promise((resolve) => setTimeout(resolve, 5))
    store?.setHealthCondition('b', new Error('second'))
    store?.clearHealthCondition('a')
    expect([first === undefined, await since()]).toEqual([false, first])
    store?.clearHealthCondition('b')
    await new Promise((resolve) => setTimeout(resolve, 5))
    store?.setHealthCondition('b', new Error('second'))
    expect(Number(await since())).toBeGreaterThan(Number(first))
  })

  it('shows errors that a poll has flushed from the first of them on, and consumes none itself', async () => {
    const { engines, page, checker, app } = await startProgram(['Store'])
    engines.get('Store')?.emitHealthError(new Error('lost one'))
    expect(problems(await page())).toEqual([])
    expect(app.healthReport().get('App.Store')?.message).toBe('lost one')
    engines.get('Store')?.emitHealthError(new Error('lost another'))
    // A first look at something new is a poll of it.
    checker.unregister('App')
    checker.register(app)
    expect(problems(await page())).toEqual([['App.Store', expect.stringMatching(/lost another$/)]])
  })

  it('shows tasks in flight by label with their age, and the last tick with its duration', async () => {
    const { engines, page } = await startProgram(['Store'])
    const ticked = Promise.withResolvers<void>()
    const store = engines.get('Store')
    const wait = (task: { signal: AbortSignal }): Promise<void> =>
      new Promise((resolve) => task.signal.addEventListener('abort', () => resolve()))
    for (let i = 0; i < 3; i++) store?.go(wait, { label: 'deliver' })
    store?.go(wait, { label: IMG })
    store?.goTick({ periodMs: 1e9 }, () => ticked.resolve(), { label: 'prune' })
    await ticked.promise
    await new Promise(setImmediate)
    expect(shown(await page(), 'App.Store')?.text).toMatch(
      /in flight: 3 × deliver oldest TIME <img src=x onerror=alert\(1\)> TIME tick prune <1 ms, TIME ago$/,
    )
  })

  it('says which tick failed, and that a start or a close did, and why', async () => {
    const dashboard = createDashboard()
    const scope = createScope({ exporters: [dashboard] })
    const { service, engine } = createServiceEngine({
      name: 'Api',
      parent: scope,
      close: () => Promise.reject(new Error('stuck')),
    })
    await service.start()
    const ticked = Promise.withResolvers<void>()
    engine.goTick(
      { periodMs: 1e9 },
      () => {
        ticked.resolve()
        throw new Error('no')
      },
      { label: 'poll' },
    )
    await ticked.promise
    await new Promise(setImmediate)
    expect(shown(await pageOf(dashboard), 'Api')).toEqual({
      level: 'bad',
      text: expect.stringMatching(/Unhealthy for TIME .* tick poll no .*tick poll failed after/),
    })
    await service.close().catch(() => {})
    const failing = createService({
      name: 'Db',
      parent: scope,
      start: () => Promise.reject(new Error('no such host', { cause: new Error('ENOTFOUND db') })),
    })
    await failing.start().catch(() => {})
    const page = await pageOf(dashboard)
    expect(shown(page, 'Api')?.text).toMatch(/Close failed for TIME StopFailed.*stuck/)
    expect(shown(page, 'Db')?.text).toMatch(/Start failed for TIME StartFailed.*no such host because ENOTFOUND db/)
    expect(headline(page)).toBe('All 2 services are unhealthy')
  })

  it('shows names that only a health report has, under the name that they go on from', async () => {
    const { checker, page } = await startProgram(['Store'])
    const remove = checker.register({
      name: () => 'Ledger',
      readiness: () => new Error('warming up'),
      healthReport: () =>
        new Map([
          ['Ledger', null],
          ['Ledger.a.b', new Error('lagging')],
          ['Ledger.a', null],
        ]),
    })
    const text = await page()
    expect(shown(text, 'Ledger')).toEqual({
      level: 'wait',
      text: 'Ledger 2 services, 1 unhealthy Not ready not ready warming up',
    })
    expect(shown(text, 'Ledger.a.b')).toMatchObject({
      level: 'bad',
      text: expect.stringMatching(/^b Unhealthy .*lagging$/),
    })
    remove()
    expect(shown(await page(), 'Ledger')).toBeUndefined()
  })

  it('listens to two checkers of one name, and to one that is made anew instead of the one before', async () => {
    const { scope, checker, page, app } = await startProgram(['Store'], { title: 'Relay' })
    const reporter = (name: string, error: Error | null) => ({
      name: () => name,
      readiness: () => null,
      healthReport: () => new Map([[name, error]]),
    })
    checker.register(reporter('Disk', new Error('97% full')))
    const second = createHealthChecker({ parent: scope, intervalMs: 1e9 })
    second.register(reporter('Net', new Error('packet loss')))
    await second.start()
    expect(problems(await page())).toEqual([
      ['Disk', expect.stringContaining('97% full')],
      ['Net', expect.stringContaining('packet loss')],
    ])
    const third = createHealthChecker({ parent: scope, intervalMs: 1e9 })
    third.register(app)
    third.register(reporter('Disk', null))
    await third.start()
    await second.close()
    await checker.close()
    const text = await page()
    expect(problems(text)).toEqual([])
    expect([shown(text, 'Disk')?.level, shown(text, 'App.Store')?.text]).toEqual([
      'good',
      expect.stringContaining('Healthy'),
    ])
    const fourth = createHealthChecker({ parent: scope, intervalMs: 1e9 })
    await third.close()
    fourth.register(reporter('Disk', new Error('98% full')))
    await fourth.start()
    expect(problems(await page())).toEqual([['Disk', expect.stringContaining('98% full')]])
    await fourth.close()
  })

  it('follows a start, a drain and a close, in which nothing that merely stops is red', async () => {
    const dashboard = createDashboard()
    const scope = createScope({ exporters: [dashboard] })
    const [starting, closing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const app = createService({
      name: 'App',
      parent: scope,
      subServices: (parent) => [
        createService({ name: 'Db', parent, start: () => starting.promise, close: () => closing.promise }),
      ],
    })
    const checker = createHealthChecker({ parent: scope, intervalMs: 1e9 })
    checker.register(app)
    await checker.start()
    const seen: [string, string | undefined][] = []
    const look = async (): Promise<void> => {
      const page = await pageOf(dashboard)
      seen.push([headline(page), shown(page, 'App.Db')?.text])
    }
    await look()
    const started = app.start()
    await look()
    starting.resolve()
    await started
    scope.drain()
    await look()
    const closed = app.close()
    await look()
    closing.resolve()
    await closed
    await checker.close()
    await look()
    expect(seen).toEqual([
      ['Not ready', 'Db Not started'],
      ['Starting: 1 of 3 started', 'Db Starting for TIME'],
      ['Draining: still serving, not ready for more', 'Db Healthy Started, up TIME'],
      ['Stopping: 0 of 3 stopped', expect.stringMatching(/^Db Stopping for TIME up TIME/)],
      ['Stopped', 'Db Stopped for TIME'],
    ])
  })

  it('forgets what is removed, also when an event of it comes late, and shows the newest under an id', async () => {
    const { engines, page } = await startProgram([])
    const app = engines.get('App')
    const make = (): ReturnType<typeof createServiceEngine> => createServiceEngine({ name: 'Sub', parent: app })
    const first = make()
    await app?.startSubService(first.service)
    first.engine.setHealthCondition('x', new Error('old'))
    await app?.closeSubService(first.service)
    expect(shown(await page(), 'App.Sub')).toBeUndefined()
    const second = make()
    await app?.startSubService(second.service)
    emit(first.engine, { type: 'condition', scope: first.engine, key: 'x', error: new Error('old'), active: 1 })
    emit(first.engine, { type: 'removed', scope: first.engine })
    expect(shown(await page(), 'App.Sub')).toMatchObject({ level: 'good' })
  })

  it('keeps a bounded number of services that have ended and belong to nobody', async () => {
    const dashboard = createDashboard()
    const scope = createScope({ exporters: [dashboard] })
    for (let i = 0; i < 3000; i++) {
      const service = createService({ name: `Job${i}`, parent: scope })
      await service.start()
      await service.close()
    }
    const page = await pageOf(dashboard)
    const number = page.match(/<li class="node service"/g)?.length ?? 0
    expect([number >= 500, number <= 1000, shown(page, 'Job2999')?.text, shown(page, 'Job0')]).toEqual([
      true,
      true,
      'Job2999 Stopped for TIME',
      undefined,
    ])
  })

  it('takes names and messages of any kind', async () => {
    const names = ['__proto__', 'a.b', '"quoted"', 'line\nbreak', '🚀\ud800', IMG, 'x'.repeat(1_000_000)]
    const { engines, page } = await startProgram(names)
    engines.get(IMG)?.setHealthCondition('</span><script>', new Error('\u0000\u202e</script>'.repeat(100_000)))
    const text = await page()
    for (const name of ['__proto__', 'a.b', '"quoted"', 'line\nbreak', '🚀\ufffd', IMG])
      expect(shown(text, `App.${name}`)?.text).toContain(name.replace('\n', ' '))
    expect(text).toContain('… (1,000,004 characters)')
    expect(text.match(/<script/g)).toHaveLength(1)
    expect([text.includes('<img'), text.length < 100_000]).toEqual([false, true])
  })

  it('shows an error that cannot be read, and is not taken down by it', async () => {
    const { engines, page } = await startProgram(['Store'])
    const error = new Error('x')
    Object.defineProperty(error, 'message', { get: () => 7 })
    engines.get('Store')?.setHealthCondition('odd', error)
    expect(shown(await page(), 'App.Store')?.text).toContain('(no message, Error)')
  })

  it('draws a tree of any depth', async () => {
    const dashboard = createDashboard()
    const root = createScope({ exporters: [dashboard] })
    let parent: Scope = root
    for (let i = 0; i < 3000; i++) {
      const { engine } = createServiceEngine({ name: 'x', parent })
      emit(engine, { type: 'state', scope: engine, previous: 'Unstarted', state: 'Started', at: 1 })
      parent = engine
    }
    const page = await pageOf(dashboard)
    expect(page.match(/<li class="node service"/g)).toHaveLength(3000)
    expect(page).not.toMatch(/(?:<ul[^>]*>[^<]*<li[^>]*><details[^>]*><summary.*?<\/summary>){25}/)
  })

  it('searches without the script', async () => {
    const { engines, page } = await startProgram(['Store', 'Api'])
    engines.get('Api')?.setHealthCondition('disk', new Error('Full & “over”'))
    const visible = (text: string): string[] =>
      [...text.matchAll(/<li class="node service"[^>]*data-id="(.*?)"(.*?)>/g)].flatMap(([, id = '', rest]) =>
        rest === ' hidden' ? [] : id,
      )
    expect(visible(await page('/?search=sTORe'))).toEqual(['App', 'App.Store'])
    expect(visible(await page(`/?search=${encodeURIComponent('full & “')}`))).toEqual(['App', 'App.Api'])
    expect(visible(await page('/?only=1'))).toEqual(['App', 'App.Api'])
    const nothing = await page('/?search=%22%3E%3Cb%3Enothing')
    expect([visible(nothing), nothing.includes('value="&quot;&gt;&lt;b&gt;nothing"')]).toEqual([[], true])
    expect(nothing).toMatch(/<p class="none" id="none"\s*>/)
  })

  it('says so when a checker cannot be read', async () => {
    const dashboard = createDashboard()
    const scope = createScope({ exporters: [dashboard] })
    const source = {
      snapshot: (): never => {
        throw new Error('broken')
      },
    }
    emit(scope, { type: 'health', scope, source, changes: [], startedAt: 1, endedAt: 2 })
    const response = await dashboard.handler()(new Request('http://localhost/'))
    expect([response.status, await response.text()]).toEqual([500, 'Cannot answer: Error: broken\n'])
  })

  it('forgets a task once it has ended, and what has begun before it watched', async () => {
    const { dashboard, engines, page } = await startProgram(['Store'])
    const scope = engines.get('Store') as Scope
    const operation: Operation = {
      kind: 'task',
      scope,
      label: 'odd',
      parent: undefined,
      origin: undefined,
      startedAt: 1,
    }
    dashboard.observe({ type: 'end', operation, error: null, endedAt: 2 })
    expect((await page()).includes('odd')).toBe(false)
    dashboard.observe({ type: 'begin', operation })
    expect((await page()).includes('odd')).toBe(true)
    dashboard.observe({ type: 'end', operation, error: null, endedAt: 2 })
    expect((await page()).includes('odd')).toBe(false)
  })
})

describe('what the program is called', () => {
  it('is the title, else the root, else what is watched first, else the largest tree', async () => {
    const programOf = (text: string): string | undefined => /<p class="program"><bdi>(.*?)</.exec(text)?.[1]
    expect(programOf(await (await startProgram(['A'], { title: 'Mine' })).page())).toBe('Mine')
    expect(programOf(await (await startProgram(['A'])).page())).toBe('App')
    const dashboard = createDashboard()
    const scope = createScope({ name: 'Root', exporters: [dashboard] })
    await createService({ name: 'Small', parent: scope }).start()
    expect(programOf(await pageOf(dashboard))).toBe('Root')
    const other = createDashboard()
    const nameless = createScope({ exporters: [other] })
    await createService({ name: 'Small', parent: nameless }).start()
    await createService({
      name: 'Big',
      parent: nameless,
      subServices: (parent) => [createService({ name: 'Part', parent })],
    }).start()
    expect(programOf(await pageOf(other))).toBe('Big')
  })
})
