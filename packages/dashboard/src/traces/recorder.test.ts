import { emit, type HealthSource, runOperation } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { draw, type Node, recorderWorld, treeOf } from '../fixtures/traces-world.ts'
import { createLinks } from './links.ts'
import { rootOf, type Trace } from './model.ts'
import { outcomeOf } from './outcome.ts'

const TREE: Node = {
  name: 'App',
  closeOrder: 'reverse',
  below: [{ name: 'Database', below: [{ name: 'Pool' }] }, { name: 'Store' }],
}

const fail = (message: string) => (): never => {
  throw new Error(message)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the trace of a start', () => {
  it('has every service once, in order, each under its parent', async () => {
    const { recorder, scope } = recorderWorld()
    await treeOf(TREE, scope).start()
    expect(recorder.traces().map(draw)).toEqual([
      ['start App: Started', '  start Database: Started', '    start Pool: Started', '  start Store: Started'],
    ])
  })

  it('has what failed, told in full where it did, and what was closed again', async () => {
    const { recorder, scope } = recorderWorld()
    const app = treeOf(
      { name: 'App', below: [{ name: 'Database' }, { name: 'Api', start: fail('port taken') }] },
      scope,
    )
    await expect(app.start()).rejects.toThrow('failed to start')
    const [trace] = recorder.traces() as [Trace]
    const why = 'Cannot start "App.Api": its start function failed: port taken'
    expect(draw(trace)).toEqual([
      `start App: StartFailed, Cannot start "App": sub-service "App.Api" failed to start: ${why}`,
      '  start Database: Started',
      `  start Api: StartFailed, ${why}`,
      '  close Database: Stopped',
    ])
    expect(trace.spans.map(({ failure }) => failure?.exceptions.length)).toEqual([0, undefined, 1, undefined])
    expect(trace.spans[2]?.failure?.exceptions[0]?.stack).toContain('Caused by: Error: port taken')
    expect(trace.spans[3]?.facts?.closeReason).toBe('start_failed')
  })

  it('is there while it hangs, with what is open', async () => {
    const { recorder, scope } = recorderWorld()
    const hang = (signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const app = treeOf({ name: 'App', below: [{ name: 'Cache' }, { name: 'Store', start: hang }] }, scope)
    const abort = new AbortController()
    const started = app.start(abort.signal).catch(() => {})
    expect(recorder.traces().map(draw)).toEqual([
      ['start App: Starting, open', '  start Cache: Started', '  start Store: Starting, open'],
    ])
    expect(recorder.traces()[0]?.open).toBe(2)
    abort.abort(new Error('enough'))
    await started
    expect(recorder.traces()[0]?.open).toBe(0)
  })

  it('of a sub-service that is started later is a part, of its own', async () => {
    const { recorder, scope } = recorderWorld()
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    await engine.startSubService(createService({ name: 'Job', parent: engine }))
    expect(recorder.traces().map((it) => [rootOf(it).name, it.isOutermost])).toEqual([
      ['Job', false],
      ['App', true],
    ])
  })
})

describe('the trace of a close', () => {
  it('has every service, what was waited for, why, and after how long', async () => {
    const { recorder, scope } = recorderWorld()
    const { service, engine } = createServiceEngine({
      name: 'App',
      parent: scope,
      subServices: (engine) => [treeOf({ name: 'Store', close: fail('disk full') }, engine)],
    })
    await service.start()
    const { promise, resolve } = Promise.withResolvers<void>()
    engine.go(() => {}, { label: 'ended before' })
    engine.go(() => promise, { label: 'flush batch' })
    const closed = service.close()
    expect(recorder.traces().map(draw)[0]).toEqual(['close App: Stopping, open', '  wait App: Stopping, open'])
    resolve()
    await expect(closed).rejects.toThrow('disk full')
    const [close, start] = recorder.traces() as [Trace, Trace]
    expect(draw(close)).toEqual([
      'close App: StopFailed, disk full',
      '  wait App: Stopping',
      '  close Store: StopFailed, disk full',
    ])
    expect(close.spans.map(({ facts }) => facts?.closeReason)).toEqual(['requested', undefined, 'parent'])
    expect(close.spans[1]?.facts).toEqual({ pending: 1, pendingLabels: ['flush batch'] })
    expect(rootOf(close).facts?.uptimeMs).toBeGreaterThanOrEqual(0)
    expect(start.isOver).toBe(true)
  })

  it('follows a drain, each linked to the other, and to the start', async () => {
    const { recorder, scope } = recorderWorld()
    const app = treeOf(TREE, scope)
    await app.start()
    scope.drain()
    await runOperation(scope, 'drain', 'drain', () => {})
    await app.close()
    const traces = recorder.traces()
    expect(traces.map(({ kind }) => kind)).toEqual(['close', 'drain', 'start'])
    const links = createLinks(traces)
    const linksOf = (trace: Trace) => links.of(rootOf(trace)).map(({ type, to }) => `${type} ${to.kind} ${to.name}`)
    expect(traces.map(linksOf)).toEqual([
      ['start start App', 'drain drain drain'],
      ['close close App'],
      ['close close App'],
    ])
    // Also of those below.
    const pool = traces[0]?.spans.find(({ name }) => name === 'Pool')
    expect(pool && links.of(pool).map(({ to }) => [to.name, to.trace])).toEqual([['Pool', traces[2]]])
  })
})

describe('the trace of a health change', () => {
  it('comes with each poll that found one, linked to the start and to the change before', async () => {
    const { recorder, scope } = recorderWorld()
    let engine: Engine | undefined
    const app = createService({
      name: 'App',
      parent: scope,
      subServices: (parent) => {
        const made = createServiceEngine({ name: 'Endpoint', parent })
        engine = made.engine
        return [made.service]
      },
    })
    await app.start()
    const checker = createHealthChecker({ parent: scope, version: '1', commit: 'abc', intervalMs: 1000 })
    checker.register(app)
    await checker.start()
    await vi.advanceTimersByTimeAsync(2000)
    const before = recorder.traces().length
    engine?.setHealthCondition('http', new Error('status 503'))
    await vi.advanceTimersByTimeAsync(3000)
    engine?.clearHealthCondition('http')
    await vi.advanceTimersByTimeAsync(3000)
    const traces = recorder.traces()
    expect(traces).toHaveLength(before + 2)
    expect(traces.slice(0, 2).map(draw)).toEqual([
      ['health check: Started', '  health App.Endpoint'],
      ['health check: Started', '  health App.Endpoint: http: status 503'],
    ])
    expect(traces[1]?.spans.map(({ facts }) => facts)).toEqual([
      { checked: 2, unhealthy: 1 },
      { status: 'unhealthy', previousStatus: 'healthy', conditions: ['http'] },
    ])
    const links = createLinks(traces)
    const linksOf = (trace: Trace | undefined) =>
      trace?.spans.map((span) => links.of(span).map(({ type, to }) => `${type} ${to.kind} ${to.name}`))
    expect(linksOf(traces[0])).toEqual([['start start App'], ['start start Endpoint', 'previous health App.Endpoint']])
    expect(linksOf(traces[1])).toEqual([['start start App'], ['start start Endpoint', 'next health App.Endpoint']])
    await checker.close()
  })

  it('says the condition before the errors that stand beside it', async () => {
    const { recorder, scope } = recorderWorld()
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    for (let i = 0; i < 50; i++) engine.emitHealthError(new Error(`attempt ${i} failed: ${'x'.repeat(100)}`))
    engine.setHealthCondition('endpoint', new Error('the last 3 attempts failed'))
    await vi.advanceTimersByTimeAsync(1000)
    const health = recorder.traces()[0]?.spans.find(({ kind }) => kind === 'health')
    expect(health?.failure?.summary).toMatch(/^endpoint: the last 3 attempts failed\nattempt 0 failed: x/)
    expect(health?.failure?.exceptions[0]?.message).toBe('endpoint: the last 3 attempts failed')
    // What there was no room for is one of many, and not the reason of the others.
    expect(health?.failure?.because).toEqual({ texts: [], more: 0 })
    expect(outcomeOf(recorder.traces()[0] as Trace, Date.now(), true).text).toBe(
      'App became unhealthy: endpoint: the last 3 attempts failed (with 50 more errors)',
    )
    await checker.close()
  })

  it('has the errors that the poll flushed; those flushed by hand have their own', async () => {
    const { recorder, scope } = recorderWorld()
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    engine.emitHealthError(new Error('one'))
    engine.emitHealthError(new Error('two'))
    service.healthReport()
    await Promise.resolve()
    expect(recorder.traces().map(draw)[0]).toEqual(['flush App: Started, two (and 1 before it)'])
    expect(rootOf(recorder.traces()[0] as Trace).facts).toEqual({ errorCount: 2, dropped: 0 })
    const checker = createHealthChecker({ parent: scope, version: '1', commit: 'abc', intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    await vi.advanceTimersByTimeAsync(2000)
    engine.emitHealthError(new Error('three'))
    await vi.advanceTimersByTimeAsync(3000)
    const polls = recorder.traces().filter(({ kind }) => kind === 'health')
    expect(draw(polls.at(-1) as Trace)).toEqual([
      'health check: Started',
      '  flush App: Started, three',
      '  health App: three',
    ])
    await checker.close()
  })

  it('is bounded where a whole tree changes at once, and survives a source that fails', () => {
    const { recorder, scope } = recorderWorld()
    const source: HealthSource = { snapshot: fail('no snapshot') }
    const current = new Error('down')
    const changes = Array.from({ length: 10_000 }, (_, i) =>
      i < 9000
        ? { name: `App.S${i}`, previous: current, current: null }
        : { name: `App.S${i}`, previous: null, current },
    )
    emit(scope, { type: 'health', scope, source, changes, startedAt: 1, endedAt: 2 })
    const [trace] = recorder.traces() as [Trace]
    expect([trace.spans.length, rootOf(trace).leftOut, trace.failed]).toEqual([501, 9500, 500])
    expect(trace.text).toBeLessThan(300_000)
  })
})

describe('the traces of tasks and ticks', () => {
  async function run(options: Parameters<typeof recorderWorld>[0]): Promise<readonly string[]> {
    const { recorder, scope } = recorderWorld(options)
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    engine.go(() => {}, { label: 'good' })
    engine.go(fail('boom'), { label: 'bad' })
    let ticks = 0
    const tick = (): void => {
      if (++ticks === 2) throw new Error('missed')
    }
    engine.goTick({ periodMs: 1000 }, tick, { label: 'poll' })
    await vi.advanceTimersByTimeAsync(3500)
    return recorder
      .traces()
      .slice(0, -1)
      .toReversed()
      .map((it) => `${draw(it).join()} ${rootOf(it).facts?.tick ?? ''}`.trim())
  }

  it('are those that failed, by default', async () => {
    expect(await run({})).toEqual(['task bad: Started, boom', 'tick App: Started, missed 2'])
  })

  it('are none, or all, where that is asked for', async () => {
    expect(await run({ ticks: 'off', tasks: 'off' })).toEqual([])
    expect((await run({ ticks: 'all', tasks: 'all' })).slice(0, 5)).toEqual([
      'task good: Started',
      'task bad: Started, boom',
      'tick App: Started 1',
      'tick App: Started, missed 2',
      'tick App: Started 3',
    ])
  })

  it('never push the start out, and open ones are bounded', async () => {
    const { recorder, scope } = recorderWorld({ maxTraces: 50, tasks: 'all' })
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    const { promise, resolve } = Promise.withResolvers<void>()
    for (let i = 0; i < 5000; i++) engine.go(() => promise, { label: `t${i}` })
    expect(recorder.traces()).toHaveLength(50)
    expect(recorder.traces().at(-1)?.kind).toBe('start')
    resolve()
    await service.close()
    expect(recorder.traces().map(({ kind }) => kind)).toContain('start')
    expect(recorder.traces().filter((it) => it.open > 0)).toEqual([])
  })
})
