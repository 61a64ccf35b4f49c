import { containsError, createScope, type HealthReporter, type Service, type ServiceEvent } from '@svc/core'
import { describe, expect, it, vi } from 'vitest'
import { createService, createServiceEngine } from './index.ts'

describe('the health of a service', () => {
  it('is its state until it has started', async () => {
    const service = createService({ name: 'A' })
    expect(service.readiness()).toBe(service.readiness())
    expect(service.healthReport().get('A')).toMatchObject({ code: 'NOT_STARTED', state: 'Unstarted' })
    await service.start()
    expect([service.readiness(), [...service.healthReport()]]).toEqual([null, [['A', null]]])
    await service.close()
  })

  it('consumes emitted errors when it is read, as in Go', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    await service.start()
    engine.emitHealthError(new Error('one'))
    engine.emitHealthError('two')
    expect(service.healthReport().get('A')?.message).toBe('one\ntwo')
    expect(service.healthReport().get('A')).toBeNull()
    expect(() => {
      engine.emitHealthError(null)
    }).toThrow(TypeError)
    await service.close()
  })

  it('Mended: shows conditions beside flushed errors, and in the order in which they were set', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    await service.start()
    engine.setHealthCondition('z', new Error('first'))
    const undo = engine.newHealthCondition(new Error('second'))
    engine.setHealthCondition('a', new Error('third'))
    engine.setHealthCondition('z', new Error('first again'))
    engine.emitHealthError(new Error('emitted'))
    expect(service.healthReport().get('A')?.message).toBe('emitted\nz: first again\nsecond\na: third')
    expect(service.healthReport().get('A')?.message).toBe('z: first again\nsecond\na: third')
    undo()
    undo()
    engine.clearHealthCondition('z')
    engine.clearHealthCondition('never set')
    expect(service.healthReport().get('A')?.message).toBe('a: third')
    {
      using _ = engine.newHealthCondition('a string')
      expect(service.healthReport().get('A')?.message).toBe('a: third\na string')
    }
    engine.clearHealthCondition('a')
    expect(service.healthReport().get('A')).toBeNull()
    await service.close()
  })

  it('keeps the error behind a condition findable', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    await service.start()
    const full = new Error('full')
    engine.setHealthCondition('disk', full)
    expect(containsError(service.healthReport(), full)).toBe(true)
    await service.close()
  })

  it('refuses a condition without an error or a key', () => {
    const { engine } = createServiceEngine({ name: 'A' })
    for (const error of [null, undefined]) {
      expect(() => {
        engine.setHealthCondition('x', error)
      }).toThrow('clear it to make it healthy')
      expect(() => {
        engine.newHealthCondition(error)
      }).toThrow(TypeError)
    }
    expect(() => {
      engine.setHealthCondition('', new Error('x'))
    }).toThrow('the key of a health condition')
    expect(() => {
      engine.clearHealthCondition(3 as never)
    }).toThrow(TypeError)
  })

  it('tells exporters of conditions, errors and flushes', async () => {
    const events: ServiceEvent[] = []
    const { service, engine } = createServiceEngine({
      name: 'A',
      parent: createScope({ exporters: [{ observe: (event) => void events.push(event) }] }),
    })
    await service.start()
    events.length = 0
    engine.setHealthCondition('k', new Error('bad'))
    engine.clearHealthCondition('k')
    engine.emitHealthError(new Error('glitch'))
    service.healthReport()
    expect(events).toMatchObject([
      { type: 'condition', scope: engine, key: 'k', error: { message: 'bad' }, active: 1 },
      { type: 'condition', scope: engine, key: 'k', error: null, active: 0 },
      { type: 'error', scope: engine, error: { message: 'glitch' }, dropped: 0 },
      { type: 'flush', scope: engine, errors: [{ message: 'glitch' }], dropped: 0 },
    ])
    await service.close()
  })

  it.each<[string, Partial<HealthReporter>, string, RegExp]>([
    [
      'throws',
      {
        healthReport: () => {
          throw new Error('broken')
        },
      },
      'odd',
      /^broken$/,
    ],
    [
      'gives nothing',
      { healthReport: () => undefined as never },
      'odd',
      /expected a map of names and errors, got undefined/,
    ],
    [
      'gives an array of nonsense',
      { healthReport: () => [1, 2] as never },
      'odd',
      /expected entries of a name and an error/,
    ],
    [
      'gives a string as an error',
      { healthReport: () => new Map([['part', 'sick' as never]]) },
      'part',
      /expected an error or null, got "sick"/,
    ],
  ])(
    'counts a hand-written sub-service whose report %s as unhealthy, and still reads the others',
    async (_what, reporter, name, message) => {
      const odd: Service = {
        name: () => 'odd',
        start: () => Promise.resolve(),
        close: () => Promise.resolve(),
        readiness: () => {
          throw new Error('who knows')
        },
        healthReport: () => new Map(),
        ...reporter,
      }
      const app = createService({
        name: 'App',
        subServices: (engine) => [
          createService({ name: 'Mid', parent: engine, subServices: () => [odd] }),
          createService({ name: 'Fine', parent: engine }),
        ],
      })
      await app.start()
      const report = app.healthReport()
      expect(report.get(name)?.message).toMatch(message)
      expect([report.get('App'), report.get('App.Mid'), report.get('App.Fine')]).toEqual([null, null, null])
      expect(app.readiness()?.message).toBe('who knows')
      await app.close()
    },
  )
})

describe('the guards of an engine', () => {
  it('Mended: never deadlock when a hook or task calls one during a transition — they judge the state at the call', async () => {
    const log: unknown[] = []
    const look = async (engine: {
      ifStarted(fn: () => string): Promise<string>
      ifNotStopped(fn: () => string): Promise<string>
    }): Promise<void> => {
      log.push(
        await engine.ifStarted(() => 'ran').catch((it: { code: string; state: string }) => `${it.code} ${it.state}`),
      )
      log.push(
        await engine.ifNotStopped(() => 'ran').catch((it: { code: string; state: string }) => `${it.code} ${it.state}`),
      )
    }
    const { service } = createServiceEngine({ name: 'A', start: look, close: look })
    await service.start()
    await service.close()
    expect(log).toEqual(['NOT_STARTED Starting', 'ran', 'NOT_STARTED Stopping', 'ALREADY_STOPPED Stopping'])
  })

  it('give the value of their function, or reject as it does', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    await expect(engine.ifStarted(() => 1)).rejects.toMatchObject({ code: 'NOT_STARTED', state: 'Unstarted' })
    expect(await engine.ifNotStopped(() => Promise.resolve('v'))).toBe('v')
    await service.start()
    expect(await engine.ifStarted(async () => 7)).toBe(7)
    const error = new Error('inside')
    await expect(engine.ifStarted(() => Promise.reject(error))).rejects.toBe(error)
    await expect(
      engine.ifStarted(() => {
        throw error
      }),
    ).rejects.toBe(error)
    await expect(engine.ifStarted('x' as never)).rejects.toThrow(TypeError)
    await expect(engine.ifNotStopped(undefined as never)).rejects.toThrow(TypeError)
    engine.assertStarted()
    await service.close()
    await expect(engine.ifNotStopped(() => 1)).rejects.toMatchObject({ code: 'ALREADY_STOPPED' })
  })

  it('let a stop go on as soon as the last function has ended, also one that rejects', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'A', close: () => void log.push('closed') })
    await service.start()
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const held = gates.map((gate) => engine.ifStarted(() => gate.promise))
    const closed = service.close()
    gates[0]?.reject(new Error('x'))
    await expect(held[0]).rejects.toThrow('x')
    log.push('one left')
    gates[1]?.resolve()
    await closed
    expect(log).toEqual(['one left', 'closed'])
  })

  it('have children of the stop as contexts', async () => {
    vi.useFakeTimers()
    const { service, engine } = createServiceEngine({ name: 'A' })
    await service.start()
    const child = engine.child({ timeoutMs: 50 })
    const bound = engine.bind(new AbortController())
    const other = engine.child()
    expect([child.signal.aborted, bound.signal.aborted]).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(50)
    expect(child.signal.reason).toMatchObject({ code: 'TIMEOUT' })
    await service.close()
    expect([bound.signal.reason, other.signal.reason]).toEqual([engine.signal.reason, engine.signal.reason])
    vi.useRealTimers()
  })
})
