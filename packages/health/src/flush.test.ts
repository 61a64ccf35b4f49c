import { createService, type Engine } from '@svc/engine'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { linesOf, startedService } from './fixtures/reporters.ts'
import { createHealthChecker, type HealthChecker } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

async function watched(): Promise<{ checker: HealthChecker; engine: Engine; health: () => string[] }> {
  const { service, engine } = await startedService('App')
  const checker = createHealthChecker({ intervalMs: 1000 })
  checker.register(service)
  await checker.start()
  return { checker, engine, health: () => linesOf(checker.snapshot().health) }
}

describe('an error in a buffer', () => {
  it('is flushed at the interval, not by who reads a snapshot', async () => {
    const { checker, engine, health } = await watched()
    engine.emitHealthError('boom')
    for (let i = 0; i < 3; i++) expect(health()).toEqual(['App: ok'])
    await vi.advanceTimersByTimeAsync(1000)
    for (let i = 0; i < 3; i++) expect(health()).toEqual(['App: boom'])
    expect(checker.isHealthy()).toBe(false)
    await checker.close()
  })

  it('stays for one full interval, also when live state is looked at again', async () => {
    const { checker, engine, health } = await watched()
    engine.emitHealthError('boom')
    await vi.advanceTimersByTimeAsync(1000)
    const seen = [health()]
    engine.setHealthCondition('disk', 'full')
    seen.push(health())
    await vi.advanceTimersByTimeAsync(999)
    engine.setHealthCondition('disk', 'fuller')
    seen.push(health())
    engine.clearHealthCondition('disk')
    seen.push(health())
    await vi.advanceTimersByTimeAsync(1)
    seen.push(health())
    expect(seen).toEqual([
      ['App: boom'],
      ['App: boom\ndisk: full'],
      ['App: boom\ndisk: fuller'],
      ['App: boom'],
      ['App: ok'],
    ])
    await checker.close()
  })

  it('is followed by those of the next poll', async () => {
    const { checker, engine, health } = await watched()
    const seen: string[][] = []
    for (const message of ['one', 'two']) {
      engine.emitHealthError(message)
      engine.emitHealthError(`${message} again`)
      await vi.advanceTimersByTimeAsync(1000)
      seen.push(health())
    }
    await vi.advanceTimersByTimeAsync(1000)
    seen.push(health())
    expect(seen).toEqual([['App: one\none again'], ['App: two\ntwo again'], ['App: ok']])
    await checker.close()
  })

  it('that the first look flushes in the middle of an interval stays for the whole of the next one', async () => {
    const checker = createHealthChecker({ intervalMs: 1000 })
    await checker.start()
    await vi.advanceTimersByTimeAsync(900)
    const { service, engine } = await startedService('Late')
    engine.emitHealthError('boom')
    checker.register(service)
    const seen = [linesOf(checker.snapshot().health)]
    await vi.advanceTimersByTimeAsync(100)
    engine.emitHealthError('bang')
    seen.push(linesOf(checker.snapshot().health))
    await vi.advanceTimersByTimeAsync(999)
    seen.push(linesOf(checker.snapshot().health))
    await vi.advanceTimersByTimeAsync(1)
    seen.push(linesOf(checker.snapshot().health))
    expect(seen).toEqual([['Late: boom'], ['Late: boom'], ['Late: boom'], ['Late: bang']])
    await checker.close()
  })

  it('goes with the service that it came from', async () => {
    const { service, engine } = await startedService('App')
    const inner: { engine?: Engine } = {}
    const child = createService({ name: 'A', parent: engine, start: (own) => void (inner.engine = own) })
    await engine.startSubService(child)
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    inner.engine?.emitHealthError('boom')
    await checker.start()
    expect(linesOf(checker.snapshot().health)).toEqual(['App: ok', 'App.A: boom'])
    await engine.closeSubService(child)
    expect(linesOf(checker.snapshot().health)).toEqual(['App: ok'])
    await checker.close()
  })

  it('is left to other readers of the service when the checker looks at live state', async () => {
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker()
    checker.register(service)
    engine.emitHealthError('boom')
    engine.setHealthCondition('disk', 'full')
    expect(linesOf(checker.snapshot().health)).toEqual(['App: disk: full'])
    expect(linesOf(service.healthReport())).toEqual(['App: boom\ndisk: full'])
  })
})
