import { AsyncLocalStorage } from 'node:async_hooks'
import { createScope, isServiceError, type HealthReporter } from '@svc/core'
import { createService } from '@svc/engine'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { handWritten, linesOf, startedService, watchedScope } from './fixtures/reporters.ts'
import { createHealthChecker, type HealthChecker, type HealthCheckerOptions } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('createHealthChecker()', () => {
  it('is a service named HealthCheck', async () => {
    const checker = createHealthChecker({ parent: createScope({ name: 'Program' }) })
    expect(checker.name()).toBe('Program.HealthCheck')
    expect(linesOf(checker.healthReport())).toEqual([
      'Program.HealthCheck: Cannot use "Program.HealthCheck": it is Unstarted, not Started',
    ])
    await checker.start()
    expect(checker.readiness()).toBeNull()
    await expect(checker.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED' })
    await checker.close()
    await expect(checker.close()).rejects.toMatchObject({ code: 'ALREADY_STOPPED' })
    expect(createHealthChecker().name()).toBe('HealthCheck')
  })

  it('works spread, with detached methods, and disposes of itself', async () => {
    const made = createHealthChecker()
    const { register, unregister, snapshot, isReady, isHealthy } = { ...made }
    register(handWritten('A', new Error('sick')))
    expect([isReady(), isHealthy(), snapshot().healthy]).toEqual([true, false, false])
    unregister('A')
    expect(isHealthy()).toBe(true)
    await made.start()
    await made[Symbol.asyncDispose]()
    await made[Symbol.asyncDispose]()
    expect(vi.getTimerCount()).toBe(0)
    expectTypeOf(made).toEqualTypeOf<HealthChecker>()
  })

  it('gives the version, and the commit cut to 7 characters', () => {
    expect(createHealthChecker({ version: '1.2.3', commit: '0123456789' }).snapshot()).toMatchObject({
      version: '1.2.3',
      commit: '0123456',
    })
    expect(createHealthChecker().snapshot()).toMatchObject({ version: '', commit: '' })
  })

  it('updates at once on start, and waits for that', async () => {
    const reporter = handWritten('A')
    const checker = createHealthChecker()
    checker.register(reporter)
    reporter.report.set('A', new Error('sick'))
    expect(checker.isHealthy()).toBe(true)
    await checker.start()
    expect(checker.isHealthy()).toBe(false)
    await checker.close()
  })

  it('polls at each interval, not jittered, until it is closed', async () => {
    const reporter = handWritten('A')
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(reporter)
    await checker.start()
    const reads: number[] = []
    for (let second = 1; second <= 5; second++) {
      await vi.advanceTimersByTimeAsync(999)
      reads.push(reporter.reads)
      await vi.advanceTimersByTimeAsync(1)
      reads.push(reporter.reads)
    }
    expect(reads).toEqual([2, 3, 3, 4, 4, 5, 5, 6, 6, 7])
    await checker.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reporter.reads).toBe(7)
  })

  it('polls every 15 seconds by default', async () => {
    const reporter = handWritten('A')
    const checker = createHealthChecker()
    checker.register(reporter)
    await checker.start()
    await vi.advanceTimersByTimeAsync(14_999)
    expect(reporter.reads).toBe(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(reporter.reads).toBe(3)
    await checker.close()
  })

  it('answers before the start and after the close', async () => {
    const checker = createHealthChecker()
    expect(checker.snapshot()).toMatchObject({ startedAt: 0, checkedAt: 0, ready: true, healthy: true })
    checker.register(handWritten('A', new Error('sick')))
    expect(checker.isHealthy()).toBe(false)
    await checker.start()
    await checker.close()
    checker.register(handWritten('B'))
    expect(linesOf(checker.snapshot().health)).toEqual(['A: sick', 'B: ok'])
    checker.unregister('A')
    expect(checker.isHealthy()).toBe(true)
  })

  it('is ready and healthy with nothing registered, but not ever ready', async () => {
    const checker = createHealthChecker()
    await checker.start()
    expect(checker.snapshot()).toMatchObject({ ready: true, healthy: true, everReady: false })
    expect([checker.snapshot().health.size, checker.snapshot().readiness.size]).toEqual([0, 0])
    checker.register(createService({ name: 'A' }))
    checker.unregister('A')
    expect(checker.snapshot()).toMatchObject({ ready: true, everReady: false })
    await checker.close()
  })

  it('remembers that everything was ready at once, once', async () => {
    const { service } = await startedService('A')
    const other = createService({ name: 'B' })
    const checker = createHealthChecker()
    checker.register(other)
    checker.register(service)
    expect(checker.snapshot()).toMatchObject({ ready: false, everReady: false })
    await other.start()
    expect(checker.snapshot()).toMatchObject({ ready: true, everReady: true })
    await service.close()
    expect(checker.snapshot()).toMatchObject({ ready: false, everReady: true })
  })

  it('lists readiness by registered name, and health by full name', async () => {
    const { service } = await startedService('App', {
      subServices: (engine) => [createService({ name: 'A', parent: engine })],
    })
    const checker = createHealthChecker()
    checker.register(service)
    const { readiness, health } = checker.snapshot()
    expect([linesOf(readiness), linesOf(health)]).toEqual([['App: ok'], ['App: ok', 'App.A: ok']])
    expect(health.get('Nobody')).toBeUndefined()
  })

  it('treats names as data', () => {
    const names = ['__proto__', 'constructor', 'a.b', '"', 'two\nlines', '🙂', ' ']
    const checker = createHealthChecker()
    for (const name of names) checker.register(handWritten(name))
    expect([...checker.snapshot().health.keys()]).toEqual(names)
    expect([...checker.snapshot().readiness.keys()]).toEqual(names)
    checker.unregister('__proto__')
    expect([...checker.snapshot().health.keys()]).toEqual(names.slice(1))
  })

  it('watches a service that has an owner, and leaves it free to get one', async () => {
    const checker = createHealthChecker()
    const free = createService({ name: 'Free' })
    checker.register(free)
    const owner = createService({ name: 'Owner', subServices: () => [free] })
    await owner.start()
    expect(checker.isReady()).toBe(true)
    checker.register(owner)
    await owner.close()
    expect(checker.isReady()).toBe(false)
  })

  it('runs polls in the context in which it was made, not in that of its start', async () => {
    const context = new AsyncLocalStorage<string>()
    const { scope } = watchedScope({ activate: (operation, fn) => context.run(operation.kind, fn) })
    const seen: (string | undefined)[] = []
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    const reporter = handWritten('A')
    checker.register({
      name: reporter.name,
      readiness: () => null,
      healthReport: () => {
        seen.push(context.getStore())
        return reporter.report
      },
    })
    await context.run('request', () => checker.start())
    await vi.advanceTimersByTimeAsync(1000)
    expect(seen).toEqual([undefined, 'start', 'tick'])
    await checker.close()
  })
})

describe('register()', () => {
  it('Mended: refuses a taken name, where Go silently replaces the reporter', () => {
    const checker = createHealthChecker()
    const first = handWritten('A')
    const second = handWritten('A', new Error('sick'))
    checker.register(first)
    let error: unknown
    try {
      checker.register(second)
    } catch (thrown) {
      error = thrown
    }
    expect(isServiceError(error, 'DUPLICATE_NAME') && [error.message, error.service]).toEqual([
      'Cannot register "A": the name is taken',
      'A',
    ])
    expect([second.reads, checker.isHealthy()]).toEqual([0, true])
  })

  it('gives its undo back, which may be called twice and never undoes a later registration', () => {
    const checker = createHealthChecker()
    const undo = checker.register(handWritten('A'))
    undo()
    expect(checker.snapshot().health.size).toBe(0)
    undo()
    checker.register(handWritten('A'))
    undo()
    expect(checker.snapshot().health.size).toBe(1)
  })

  it('keeps the name that the reporter had', () => {
    const checker = createHealthChecker()
    let name = 'A'
    checker.register({ ...handWritten('A'), name: () => name, readiness: () => null, healthReport: () => new Map() })
    name = 'B'
    expect([...checker.snapshot().readiness.keys()]).toEqual(['A'])
    checker.unregister('A')
    expect(checker.snapshot().readiness.size).toBe(0)
  })
})

describe('unregister()', () => {
  it('is harmless for a name that is not there', () => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope })
    checker.unregister('A')
    expect([told, checker.isReady()]).toEqual([[], true])
  })
})

describe('wrong arguments', () => {
  it.each<[string, unknown, new (message: string) => Error, string]>([
    ['null', null, TypeError, 'Cannot use the options: expected an object, got null'],
    ['a parent that is no scope', { parent: {} }, TypeError, 'Cannot use option "parent": expected a scope'],
    ['a version that is no string', { version: 1 }, TypeError, 'Cannot use option "version": expected a string, got 1'],
    ['a commit that is no string', { commit: null }, TypeError, 'Cannot use option "commit": expected a string'],
    ['an interval that is no number', { intervalMs: '1' }, TypeError, 'Cannot use option "intervalMs"'],
    ['an interval of 0', { intervalMs: 0 }, RangeError, 'expected a finite number of milliseconds above 0, got 0'],
    ['a negative interval', { intervalMs: -1 }, RangeError, 'got -1'],
    ['an interval of NaN', { intervalMs: NaN }, RangeError, 'got NaN'],
    ['an endless interval', { intervalMs: Infinity }, RangeError, 'got Infinity'],
  ])('createHealthChecker() refuses %s', (_what, options, type, message) => {
    const attempt = (): HealthChecker => createHealthChecker(options as HealthCheckerOptions)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'Cannot use the reporter: expected an object, got undefined'],
    ['a function', () => {}, 'Cannot use the reporter: expected an object, got a function'],
    ['one without readiness', { name: () => 'A', healthReport: () => new Map() }, 'the method "readiness"'],
    ['one without a report', { name: () => 'A', readiness: () => null }, 'the method "healthReport"'],
    ['one without a name', { readiness: () => null, healthReport: () => new Map() }, 'the method "name"'],
    ['an empty name', handWritten(''), 'Cannot use the name of the reporter: expected a string that is not empty'],
    ['a name that is no string', { ...handWritten('A'), name: () => 7 }, 'got 7'],
  ])('register() refuses %s', (_what, reporter, message) => {
    const { scope, told } = watchedScope()
    const checker = createHealthChecker({ parent: scope })
    const attempt = (): unknown => checker.register(reporter as HealthReporter)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
    expect([told.length, checker.snapshot().readiness.size]).toEqual([0, 0])
  })

  it.each([undefined, null, '', 7])('unregister() refuses %s', (name) => {
    expect(() => createHealthChecker().unregister(name as string)).toThrow(TypeError)
  })

  it('start() and close() refuse what is no signal', async () => {
    const checker = createHealthChecker()
    await expect(checker.start({} as AbortSignal)).rejects.toThrow(TypeError)
    await checker.start()
    await expect(checker.close({} as AbortSignal)).rejects.toThrow(TypeError)
    await checker.close()
  })
})
