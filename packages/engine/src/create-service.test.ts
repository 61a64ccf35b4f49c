import { createScope, type Logger, type Scope, type Service } from '@svc/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { createService, createServiceEngine, type Engine, type EngineService, type ServiceConfig } from './index.ts'

function recordingScope(): { scope: Scope; lines: string[] } {
  const lines: string[] = []
  const level =
    (name: string) =>
    (fields: object, message: string): void => {
      lines.push(`${name}\t${(fields as { service: string }).service}\t${message}`)
    }
  const logger: Logger = { debug: level('DEBUG'), info: level('INFO'), warn: level('WARN'), error: level('ERROR') }
  return { scope: createScope({ logger }), lines }
}

describe('the examples of the original', () => {
  it('prints what the simple service prints', async () => {
    const { scope, lines } = recordingScope()
    const service = createService({ name: 'Example', parent: scope })
    await service.start()
    await service.close()
    expect(lines).toEqual([
      'INFO\tExample\tStarting',
      'INFO\tExample\tStarted',
      'INFO\tExample\tClosing',
      'INFO\tExample\tClosed',
    ])
  })

  it('prints what the configured service prints', async () => {
    const { scope, lines } = recordingScope()
    const service = createService({
      name: 'Configured',
      parent: scope,
      subServices: (engine) => [
        createService({ name: 'Sub-service-A', parent: engine }),
        createService({ name: 'Sub-service-B', parent: engine }),
      ],
    })
    await service.start()
    expect(lines.splice(0)).toEqual([
      'INFO\tConfigured\tStarting',
      'INFO\tConfigured\tStarting 2 sub-services',
      'INFO\tConfigured.Sub-service-A\tStarting',
      'INFO\tConfigured.Sub-service-A\tStarted',
      'INFO\tConfigured.Sub-service-B\tStarting',
      'INFO\tConfigured.Sub-service-B\tStarted',
      'INFO\tConfigured\tStarted',
    ])
    await service.close()
    expect(lines.slice(0, 2)).toEqual(['INFO\tConfigured\tClosing', 'INFO\tConfigured\tClosing 2 sub-services'])
    expect(lines.at(-1)).toBe('INFO\tConfigured\tClosed')
    for (const name of ['A', 'B']) {
      const own = lines.filter((line) => line.includes(`Sub-service-${name}`))
      expect(own).toEqual([
        `INFO\tConfigured.Sub-service-${name}\tClosing`,
        `INFO\tConfigured.Sub-service-${name}\tClosed`,
      ])
    }
    expect(lines).toHaveLength(7)
  })
})

describe('createService()', () => {
  it('has the types that were designed', () => {
    expectTypeOf(createService).toEqualTypeOf<(config: ServiceConfig) => EngineService>()
    expectTypeOf<EngineService>().toExtend<Service & AsyncDisposable>()
    expectTypeOf<Engine>().toExtend<Scope>()
    expectTypeOf(createServiceEngine).returns.toEqualTypeOf<{
      readonly service: EngineService
      readonly engine: Engine
    }>()
  })

  it('has the whole tree in names, report and readiness before a start', () => {
    const scope = createScope()
    const app = createService({
      name: 'App',
      parent: scope,
      subServices: (engine) => [
        createService({ name: 'A', parent: engine, subServices: (a) => [createService({ name: 'A1', parent: a })] }),
        createService({ name: 'B', parent: engine }),
      ],
    })
    expect([...app.healthReport().keys()]).toEqual(['App', 'App.A', 'App.A.A1', 'App.B'])
    expect(app.readiness()?.message.split('\n')).toHaveLength(4)
  })

  it('puts the name of the root scope before every name', () => {
    const service = createService({ name: 'A', parent: createScope({ name: 'node1' }) })
    expect(service.name()).toBe('node1.A')
  })

  it('calls subServices once', async () => {
    let calls = 0
    const service = createService({
      name: 'App',
      subServices: () => {
        calls++
        return []
      },
    })
    await service.start()
    await service.close()
    expect(calls).toBe(1)
  })

  it('starts sub-services in order and then its own hook, and closes its own hook first', async () => {
    const log: string[] = []
    const sub = (name: string, parent: Scope): Service =>
      createService({
        name,
        parent,
        start: () => void log.push(`start ${name}`),
        close: () => void log.push(`close ${name}`),
      })
    const service = createService({
      name: 'App',
      subServices: (engine) => [sub('a', engine), sub('b', engine)],
      start: () => void log.push('start App'),
      close: () => void log.push('close App'),
      closeOrder: 'reverse',
    })
    await service.start()
    await service.close()
    expect(log).toEqual(['start a', 'start b', 'start App', 'close App', 'close b', 'close a'])
  })

  it('keeps names that look like code as data', async () => {
    const names = ['__proto__', 'a.b', '"', '\n', '🙂', 'constructor']
    const app = createService({
      name: 'App',
      subServices: (engine) => names.map((name) => createService({ name, parent: engine })),
    })
    await app.start()
    expect([...app.healthReport()]).toEqual([['App', null], ...names.map((name) => [`App.${name}`, null])])
    await app.close()
  })

  const bad: [string, unknown, typeof TypeError | typeof RangeError, string][] = [
    ['no config', undefined, TypeError, 'expected an object, got undefined'],
    ['no name', {}, TypeError, 'Cannot use option "name": expected a string that is not empty, got undefined'],
    ['an empty name', { name: '' }, TypeError, 'got ""'],
    ['a number as the name', { name: 7 }, TypeError, 'got 7'],
    ['a parent that is no scope', { name: 'A', parent: {} }, TypeError, 'option "parent"'],
    [
      'a start that is no function',
      { name: 'A', start: 'x' },
      TypeError,
      'option "start": expected a function, got "x"',
    ],
    ['a close that is no function', { name: 'A', close: 1 }, TypeError, 'option "close"'],
    [
      'subServices that are no function',
      { name: 'A', subServices: [] },
      TypeError,
      'option "subServices": expected a function, got an array',
    ],
    [
      'subServices that give no array',
      { name: 'A', subServices: () => undefined },
      TypeError,
      'an array of services, got undefined',
    ],
    ['a sub-service that is none', { name: 'A', subServices: () => [{}] }, TypeError, '"name" of a sub-service'],
    [
      'an unknown close order',
      { name: 'A', closeOrder: 'random' },
      TypeError,
      'expected one of "concurrent", "reverse", got "random"',
    ],
    ['a negative start time-out', { name: 'A', startTimeoutMs: -1 }, RangeError, 'option "startTimeoutMs"'],
    ['a close time-out that is no number', { name: 'A', closeTimeoutMs: Number.NaN }, RangeError, 'got NaN'],
    ['an endless close time-out', { name: 'A', closeTimeoutMs: Infinity }, RangeError, 'got Infinity'],
    ['a string as a time-out', { name: 'A', startTimeoutMs: '5' }, TypeError, 'expected a number, got "5"'],
  ]
  it.each(bad)('refuses %s', (_what, config, kind, message) => {
    expect(() => createService(config as ServiceConfig)).toThrow(kind)
    expect(() => createService(config as ServiceConfig)).toThrow(message)
  })

  it('refuses siblings with one name, and leaves both without an owner', () => {
    const scope = createScope()
    const [a, b] = [createService({ name: 'X', parent: scope }), createService({ name: 'X', parent: scope })]
    expect(() => createService({ name: 'App', subServices: () => [a, b] })).toThrow(/"X".*one of that name already/)
    expect(createService({ name: 'App', subServices: () => [a] }).healthReport().size).toBe(2)
  })

  it('refuses a service that has an owner, whose scope may be another', async () => {
    const scope = createScope()
    const { engine: other } = createServiceEngine({ name: 'Other', parent: scope })
    const child = createService({ name: 'Child', parent: other })
    const owner = createService({ name: 'Owner', parent: scope, subServices: () => [child] })
    expect(() => createService({ name: 'Second', subServices: () => [child] })).toThrow('it has an owner already')
    expect(() => createService({ name: 'Third', subServices: () => [{ ...child }] })).toThrow(TypeError)
    expect([...owner.healthReport().keys()]).toEqual(['Owner', 'Other.Child'])
    await owner.start()
    expect(owner.healthReport().get('Other.Child')).toBeNull()
    await owner.close()
  })

  it('refuses a signal that is none without changing anything', async () => {
    const service = createService({ name: 'A' })
    await expect(service.start('now' as never)).rejects.toThrow(TypeError)
    await service.start()
    await expect(service.close({} as never)).rejects.toThrow('expected an AbortSignal, got an object')
    expect(service.readiness()).toBeNull()
    await service.close()
  })
})

describe('spreading', () => {
  it('keeps its methods when it is spread, and when they are used detached', async () => {
    const { service, engine } = createServiceEngine({ name: 'Counter' })
    let total = 0
    const counter = {
      ...service,
      add: (n: number): number => {
        engine.assertStarted()
        return (total += n)
      },
    }
    expect(() => counter.add(1)).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state: 'Unstarted' }))
    const { start, close, name, readiness, healthReport } = counter
    await start()
    expect([counter.add(2), name(), readiness(), [...healthReport()]]).toEqual([
      2,
      'Counter',
      null,
      [['Counter', null]],
    ])
    await close()
  })

  it('closes through an override when it is disposed of', async () => {
    const log: string[] = []
    const service = createService({ name: 'A' })
    const overridden = {
      ...service,
      close: async (): Promise<void> => {
        log.push('override')
        await service.close()
      },
    }
    {
      await using it = overridden
      await it.start()
    }
    expect([log, service.readiness()]).toEqual([['override'], expect.objectContaining({ state: 'Stopped' })])
  })

  it('closes through an override when its owner closes', async () => {
    const log: string[] = []
    const inner = createService({ name: 'A' })
    const overridden = {
      ...inner,
      close: async (signal?: AbortSignal): Promise<void> => {
        log.push('override')
        await inner.close(signal)
      },
    }
    const app = createService({ name: 'App', subServices: () => [overridden] })
    await app.start()
    await app.close()
    expect([log, inner.readiness()]).toEqual([['override'], expect.objectContaining({ state: 'Stopped' })])
  })

  it('marks health along ownership through a spread, and asks an overridden report instead', async () => {
    const { service: inner, engine } = createServiceEngine({ name: 'A' })
    const spread = createService({ name: 'Owner', subServices: () => [{ ...inner }] })
    await spread.start()
    engine.setHealthCondition('disk', new Error('full'))
    expect(spread.healthReport().get('A')?.message).toBe('disk: full')

    const other = createService({ name: 'B' })
    const handWritten = { ...other, healthReport: () => new Map([['B.extra', new Error('by hand')]]) }
    const owner = createService({ name: 'Owner2', subServices: () => [handWritten] })
    await owner.start()
    expect([...owner.healthReport().keys()]).toEqual(['Owner2', 'B.extra'])
    await spread.close()
    await owner.close()
  })

  it('is lenient when disposed of where close is strict', async () => {
    const service = createService({ name: 'A' })
    await service[Symbol.asyncDispose]()
    await expect(service.close()).rejects.toMatchObject({ code: 'CANNOT_STOP_UNSTARTED' })
    const failing = createService({
      name: 'B',
      start: () => {
        throw new Error('no')
      },
    })
    const thrown = await (async (): Promise<void> => {
      await using it = failing
      await it.start()
    })().catch((error: unknown) => error)
    expect(thrown).toMatchObject({ code: 'START_FAILED', cause: { message: 'no' } })
    const closing = createService({
      name: 'C',
      close: () => {
        throw new Error('cannot close')
      },
    })
    await closing.start()
    await expect(closing[Symbol.asyncDispose]()).rejects.toThrow('cannot close')
  })
})
