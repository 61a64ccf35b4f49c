import type { Exporter, HealthReporter } from '@svc/core'
import { createService } from '@svc/engine'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { changesOf, handWritten, linesOf, startedService, watchedScope } from './fixtures/reporters.ts'
import { createHealthChecker } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('exporters', () => {
  it('are told of each poll, mostly without changes, so that they can show when the last one was', async () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    await checker.start()
    await vi.advanceTimersByTimeAsync(2000)
    expect(told.map(changesOf)).toEqual([[], [], []])
    expect(told.every(({ startedAt, endedAt }) => startedAt > 0 && endedAt >= startedAt)).toBe(true)
    expect(new Set(told.map(({ source }) => source)).size).toBe(1)
    expect(told[0]?.source.snapshot()).toBe(checker.snapshot())
    await checker.close()
  })

  it('Mended: are told the status of each report key, where Go tells the registered name for all of them', () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope })
    const reporter = handWritten('App')
    reporter.report = new Map([
      ['App', null],
      ['App.A', new Error('sick')],
      ['App.B', null],
    ])
    checker.register(reporter)
    expect(told.map(changesOf)).toEqual([['App: absent -> ok', 'App.A: absent -> sick', 'App.B: absent -> ok']])
  })

  it('Mended: are told of each key that goes, where Go forgets to', async () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const reporter = handWritten('App')
    reporter.report.set('App.A', new Error('sick'))
    const undo = checker.register(reporter)
    await checker.start()
    reporter.report.delete('App.A')
    await vi.advanceTimersByTimeAsync(1000)
    undo()
    expect(told.slice(1).map(changesOf)).toEqual([[], ['App.A: sick -> absent'], ['App: ok -> absent']])
    expect(checker.isHealthy()).toBe(true)
    await checker.close()
  })

  it('Mended: are told what the first look at a reporter flushed, where in Go nobody sees it', async () => {
    const { scope, told } = watchedScope()
    const { service, engine } = await startedService('App')
    engine.emitHealthError('boom')
    const checker = createHealthChecker({ parent: scope })
    checker.register(service)
    expect(told.map(changesOf)).toEqual([['App: absent -> boom']])
    expect(linesOf(checker.snapshot().health)).toEqual(['App: boom'])
  })

  it('are told of live changes at the next poll, compared with what they were told last', async () => {
    const { scope, told } = watchedScope()
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    told.length = 0
    engine.setHealthCondition('disk', 'full')
    expect([checker.isHealthy(), told]).toEqual([false, []])
    await vi.advanceTimersByTimeAsync(1000)
    engine.clearHealthCondition('disk')
    expect(checker.isHealthy()).toBe(true)
    engine.setHealthCondition('net', 'down')
    expect(checker.isHealthy()).toBe(false)
    await vi.advanceTimersByTimeAsync(1000)
    engine.clearHealthCondition('net')
    expect(checker.isHealthy()).toBe(true)
    engine.setHealthCondition('net', 'down')
    expect(checker.isHealthy()).toBe(false)
    await vi.advanceTimersByTimeAsync(1000)
    expect(told.map(changesOf)).toEqual([['App: ok -> disk: full'], ['App: disk: full -> net: down'], []])
    await checker.close()
  })

  it('are told of services that come, go and change at once', async () => {
    const { scope, told } = watchedScope()
    const { service, engine } = await startedService('App')
    const first = await engine.startSubService(createService({ name: 'First', parent: engine }))
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    told.length = 0
    await engine.closeSubService(first)
    await engine.startSubService(createService({ name: 'Second', parent: engine }))
    engine.setHealthCondition('disk', 'full')
    await vi.advanceTimersByTimeAsync(1000)
    expect(told.map(changesOf)).toEqual([
      ['App: ok -> disk: full', 'App.Second: absent -> ok', 'App.First: ok -> absent'],
    ])
    await checker.close()
  })

  it('are not told of a new error object that says the same', async () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const reporter: HealthReporter = {
      name: () => 'A',
      readiness: () => null,
      healthReport: () => new Map([['A', new Error('sick')]]),
    }
    checker.register(reporter)
    await checker.start()
    await vi.advanceTimersByTimeAsync(2000)
    expect(told.slice(1).map(changesOf)).toEqual([[], [], []])
    await checker.close()
  })

  it('are told the joined health of a key that two reporters have', () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope })
    for (const [name, error] of [
      ['A', 'one'],
      ['B', 'two'],
      ['C', 'three'],
    ] as const) {
      const reporter = handWritten(name)
      reporter.report = new Map([['key', new Error(error)]])
      checker.register(reporter)
    }
    checker.unregister('B')
    expect(told.map(changesOf)).toEqual([
      ['key: absent -> one'],
      ['key: one -> one\ntwo'],
      ['key: one\ntwo -> one\ntwo\nthree'],
      ['key: one\ntwo\nthree -> one\nthree'],
    ])
  })

  it('are told how a key that two reporters have changes', async () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const reporters = ['A', 'B'].map((name) => handWritten(name))
    for (const reporter of reporters) {
      reporter.report = new Map([['key', null]])
      checker.register(reporter)
    }
    await checker.start()
    told.length = 0
    reporters[1]!.report.set('key', new Error('two'))
    await vi.advanceTimersByTimeAsync(1000)
    reporters[0]!.report.set('key', new Error('one'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(told.map(changesOf)).toEqual([['key: ok -> two'], ['key: two -> one\ntwo']])
    await checker.close()
  })

  it('that read the checker while they are told find what they are told of', () => {
    const seen: string[][] = []
    const exporter: Exporter = {
      observe: (event) => {
        if (event.type === 'health') seen.push(linesOf(event.source.snapshot().health))
      },
    }
    const { scope } = watchedScope(exporter)
    const checker = createHealthChecker({ parent: scope })
    checker.register(handWritten('A', new Error('sick')))
    expect(seen).toEqual([['A: sick']])
  })

  it('that throw do no harm', async () => {
    const { scope } = watchedScope({
      observe: () => {
        throw new Error('exporter')
      },
    })
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const reporter = handWritten('A')
    checker.register(reporter)
    await checker.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(reporter.reads).toBe(3)
    await checker.close()
  })
})

describe('a reporter that asks the checker while it is read', () => {
  it('finds what was known before, and is read once', async () => {
    const checker = createHealthChecker()
    const seen: boolean[] = []
    const { service, engine } = await startedService('App')
    checker.register(service)
    const reporter: HealthReporter = {
      name: () => 'A',
      readiness: () => null,
      healthReport: () => {
        engine.setHealthCondition('disk', 'full')
        seen.push(checker.isHealthy())
        return new Map([['A', null]])
      },
    }
    checker.register(reporter)
    expect([seen, checker.isHealthy()]).toEqual([[true], false])
  })

  it('may register and unregister others, and itself', async () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const late = handWritten('Late', new Error('sick'))
    checker.register(handWritten('Old'))
    const undo = checker.register({
      name: () => 'A',
      readiness: () => null,
      healthReport: () => {
        if (told.length === 3) {
          checker.register(late)
          checker.unregister('Old')
          undo()
        }
        return new Map([['A', null]])
      },
    })
    await checker.start()
    await vi.advanceTimersByTimeAsync(1000)
    expect(told.slice(3).map(changesOf)).toEqual([['Late: absent -> sick', 'Old: ok -> absent', 'A: ok -> absent']])
    expect([linesOf(checker.snapshot().health), late.reads]).toEqual([['Late: sick'], 1])
    await checker.close()
  })
})
