import { inspect } from 'node:util'
import { containsError, type HealthReporter, nodeOf } from '@svc/core'
import { createService, type EngineService } from '@svc/engine'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { handWritten, linesOf, startedService } from './fixtures/reporters.ts'
import { createHealthChecker } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Counts how often the inside of a service is visited. */
function countVisits(reporter: HealthReporter): { readonly looks: number; readonly polls: number } {
  const node = nodeOf(reporter)
  if (node === undefined) throw new Error('It has no node')
  const count = { looks: 0, polls: 0 }
  const visit = node.visit.bind(node)
  node.visit = (into, flush) => {
    count[flush ? 'polls' : 'looks']++
    visit(into, flush)
  }
  return count
}

describe('snapshot()', () => {
  it('shows state and conditions of our own services at once', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register(service)
    const seen = [linesOf(checker.snapshot().health)]
    engine.setHealthCondition('disk', 'full')
    seen.push(linesOf(checker.snapshot().health))
    engine.clearHealthCondition('disk')
    seen.push(linesOf(checker.snapshot().health))
    await service.close()
    seen.push(linesOf(checker.snapshot().health), linesOf(checker.snapshot().readiness))
    const stopped = 'App: Cannot use "App": it is Stopped, not Started'
    expect(seen).toEqual([['App: ok'], ['App: disk: full'], ['App: ok'], [stopped], [stopped]])
  })

  it('follows sub-services that come and go', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register(service)
    const first = createService({ name: 'First', parent: engine })
    const second = createService({ name: 'Second', parent: engine })
    await engine.startSubService(first)
    await engine.startSubService(second)
    const seen = [linesOf(checker.snapshot().health)]
    await engine.closeSubService(first)
    seen.push(linesOf(checker.snapshot().health))
    expect(seen).toEqual([
      ['App: ok', 'App.First: ok', 'App.Second: ok'],
      ['App: ok', 'App.Second: ok'],
    ])
  })

  it('costs an unchanged tree nothing but a comparison, and is the same object', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register(service)
    const visits = countVisits(service)
    const before = checker.snapshot()
    for (let i = 0; i < 100; i++) expect(checker.snapshot()).toBe(before)
    expect(visits).toEqual({ looks: 0, polls: 0 })
    engine.setHealthCondition('disk', 'full')
    expect(checker.snapshot()).not.toBe(before)
    expect(checker.snapshot().revision).toBeGreaterThan(before.revision)
    expect(visits).toEqual({ looks: 1, polls: 0 })
  })

  it('looks again only at the reporters that have changed', async () => {
    const checker = createHealthChecker()
    const made = await Promise.all(['A', 'B', 'C'].map((name) => startedService(name)))
    for (const { service } of made) checker.register(service)
    const visits = made.map(({ service }) => countVisits(service))
    made[1]!.engine.setHealthCondition('disk', 'full')
    expect(linesOf(checker.snapshot().health)).toEqual(['A: ok', 'B: disk: full', 'C: ok'])
    expect(visits.map(({ looks }) => looks)).toEqual([0, 1, 0])
  })

  it('keeps its revision over polls that find nothing new, though two conditions are joined anew each time', async () => {
    const { service, engine } = await startedService('App', {
      subServices: (engine) => [handWrittenService('App.Old'), createService({ name: 'A', parent: engine })],
    })
    engine.setHealthCondition('disk', 'full')
    engine.setHealthCondition('net', 'down')
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    const before = checker.snapshot()
    await vi.advanceTimersByTimeAsync(3000)
    const after = checker.snapshot()
    expect([after.revision, after.health]).toEqual([before.revision, before.health])
    expect(after.health).toBe(before.health)
    expect(after.checkedAt).toBeGreaterThan(before.checkedAt)
    expect(linesOf(after.health)[0]).toBe('App: disk: full\nnet: down')
    await checker.close()
  })

  it('keeps its revision while two sub-services are not ready, though that is joined anew each time', async () => {
    const parts: EngineService[] = []
    const { service } = await startedService('App', {
      subServices: (engine) => {
        for (const name of ['A', 'B']) parts.push(createService({ name, parent: engine }))
        return parts
      },
    })
    for (const part of parts) await part.close()
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    const { revision } = checker.snapshot()
    await vi.advanceTimersByTimeAsync(3000)
    expect([checker.isReady(), checker.snapshot().revision]).toEqual([false, revision])
    await checker.close()
  })

  it('has the newest errors, also when they say the same', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register(service)
    for (const key of ['disk', 'net']) engine.setHealthCondition(key, 'bad')
    checker.snapshot()
    const newest = new Error('bad')
    engine.setHealthCondition('net', newest)
    expect(containsError(checker.snapshot().health, newest)).toBe(true)
  })

  it('is a fact: one handed out earlier does not change under its reader', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker({ intervalMs: 1000 })
    const reporter = handWritten('Old')
    checker.register(service)
    checker.register(reporter)
    await checker.start()
    const unread = checker.snapshot()
    const read = checker.snapshot()
    const health = linesOf(read.health)
    engine.setHealthCondition('disk', 'full')
    reporter.report.set('Old', new Error('sick'))
    reporter.ready = new Error('busy')
    await vi.advanceTimersByTimeAsync(1000)
    checker.unregister('App')
    expect(linesOf(checker.snapshot().health)).toEqual(['Old: sick'])
    expect([linesOf(read.health), linesOf(unread.health), linesOf(unread.readiness)]).toEqual([
      health,
      health,
      ['App: ok', 'Old: ok'],
    ])
    expect([unread.ready, unread.healthy, Object.isFrozen(unread)]).toEqual([true, true, true])
    await checker.close()
  })

  it('can be printed, spread and compared', () => {
    const checker = createHealthChecker({ version: '1.2.3' })
    checker.register(handWritten('A'))
    const snapshot = checker.snapshot()
    const ok = new Map([['A', null]])
    expect(inspect(snapshot)).toContain("health: Map(1) { 'A' => null }")
    expect({ ...snapshot }).toEqual({
      version: '1.2.3',
      commit: '',
      startedAt: 0,
      checkedAt: 0,
      revision: 1,
      ready: true,
      healthy: true,
      everReady: true,
      readiness: ok,
      health: ok,
    })
  })

  it('says when reporters were last polled', async () => {
    const checker = createHealthChecker({ intervalMs: 1000 })
    await checker.start()
    const first = checker.snapshot()
    await vi.advanceTimersByTimeAsync(1500)
    expect(Math.round(checker.snapshot().checkedAt - first.checkedAt)).toBe(1000)
    expect(checker.snapshot().revision).toBe(first.revision)
    await checker.close()
  })

  it('Mended: counts uptime from the start, where Go counts one interval too much', async () => {
    const checker = createHealthChecker({ intervalMs: 15_000 })
    await vi.advanceTimersByTimeAsync(5000)
    const before = performance.timeOrigin + performance.now()
    await checker.start()
    expect(Math.round(checker.snapshot().startedAt - before)).toBe(0)
    await vi.advanceTimersByTimeAsync(15_000)
    expect(Math.round(checker.snapshot().startedAt - before)).toBe(0)
    await checker.close()
  })
})

describe('a reporter by hand', () => {
  it('is read at the interval only', async () => {
    const checker = createHealthChecker({ intervalMs: 1000 })
    const reporter = handWritten('A')
    checker.register(reporter)
    await checker.start()
    reporter.report = new Map([['A', new Error('sick')]])
    reporter.ready = new Error('busy')
    expect([checker.isReady(), checker.isHealthy(), reporter.reads]).toEqual([true, true, 2])
    await vi.advanceTimersByTimeAsync(1000)
    expect([checker.isReady(), checker.isHealthy(), reporter.reads]).toEqual([false, false, 3])
    await checker.close()
  })

  it('is what a service with an overridden report is', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register({ ...service, healthReport: () => new Map([['App', new Error('mine')]]) })
    engine.setHealthCondition('disk', 'full')
    expect(linesOf(checker.snapshot().health)).toEqual(['App: mine'])
  })

  it('keeps what it said among our own services while those are looked at again', async () => {
    const { service, engine } = await startedService('App', {
      subServices: (engine) => [
        handWrittenService('App.Old', new Error('sick')),
        createService({ name: 'A', parent: engine }),
      ],
    })
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    engine.setHealthCondition('disk', 'full')
    const lines = ['App: disk: full', 'App.A: ok', 'App.Old: sick']
    expect(linesOf(checker.snapshot().health)).toEqual(lines)
    await vi.advanceTimersByTimeAsync(1000)
    expect(linesOf(checker.snapshot().health)).toEqual(lines)
    await checker.close()
  })

  it('is joined with one of our own that has its name, at polls and between them', async () => {
    const { service, engine } = await startedService('App', {
      subServices: () => [handWrittenService('Other', new Error('sick'), 'App')],
    })
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    engine.setHealthCondition('disk', 'full')
    expect(linesOf(checker.snapshot().health)).toEqual(['App: disk: full\nsick'])
    await checker.start()
    expect(linesOf(checker.snapshot().health)).toEqual(['App: disk: full\nsick'])
    engine.clearHealthCondition('disk')
    expect(linesOf(checker.snapshot().health)).toEqual(['App: sick'])
    await checker.close()
  })
})

describe('two reporters with one key', () => {
  it('Mended: are joined, where in Go the last one wins at random', () => {
    const checker = createHealthChecker()
    const first = handWritten('First')
    const second = handWritten('Second')
    first.report = new Map([['key', new Error('one')]])
    second.report = new Map([['key', null]])
    const third = handWritten('Third')
    third.report = new Map([['key', new Error('three')]])
    for (const reporter of [first, second, third]) checker.register(reporter)
    expect(linesOf(checker.snapshot().health)).toEqual(['key: one\nthree'])
    expect(checker.isHealthy()).toBe(false)
    checker.unregister('First')
    checker.unregister('Third')
    expect(linesOf(checker.snapshot().health)).toEqual(['key: ok'])
  })
})

/** A sub-service by hand: no node, so it is read at polls only. */
function handWrittenService(name: string, error: Error | null = null, key = name): ReturnType<typeof createService> {
  return {
    ...createService({ name }),
    name: () => name,
    readiness: () => null,
    healthReport: () => new Map([[key, error]]),
  }
}
