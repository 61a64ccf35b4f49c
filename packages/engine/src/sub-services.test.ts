import { createScope, type Scope, type Service, type ServiceError, type ServiceEvent } from '@svc/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createService, createServiceEngine, type Engine, type EngineService } from './index.ts'

afterEach(() => {
  vi.useRealTimers()
})

async function parent(
  exporters: { observe(event: ServiceEvent): void }[] = [],
): Promise<{ service: EngineService; engine: Engine }> {
  const made = createServiceEngine({ name: 'P', parent: createScope({ exporters }) })
  await made.service.start()
  return made
}

const failure = (work: Promise<unknown>): Promise<ServiceError> =>
  work.then(
    () => {
      throw new Error('It worked')
    },
    (error: unknown) => error as ServiceError,
  )

describe('startSubService() and closeSubService()', () => {
  it('puts a sub-service into reports and readiness while it lives, and takes it out after', async () => {
    const { service, engine } = await parent()
    const gate = Promise.withResolvers<void>()
    const child = createService({ name: 'C', parent: engine, start: () => gate.promise })
    const starting = engine.startSubService(child)
    expect([[...service.healthReport().keys()], service.readiness()]).toMatchObject([
      ['P', 'P.C'],
      { state: 'Starting' },
    ])
    gate.resolve()
    expect(await starting).toBe(child)
    expect([[...service.healthReport()], service.readiness()]).toEqual([
      [
        ['P', null],
        ['P.C', null],
      ],
      null,
    ])
    await engine.closeSubService(child)
    expect([[...service.healthReport().keys()], child.readiness()]).toMatchObject([['P'], { state: 'Stopped' }])
    await service.close()
  })

  it('tells exporters that it and all below it have gone', async () => {
    const removed: string[] = []
    const observe = (event: ServiceEvent): void => void (event.type === 'removed' && removed.push(event.scope.id))
    const { service, engine } = await parent([{ observe }])
    const child = createService({
      name: 'C',
      parent: engine,
      subServices: (it) => [createService({ name: 'D', parent: it })],
    })
    await engine.startSubService({ ...child })
    await engine.closeSubService(child)
    expect(removed).toEqual(['P.C', 'P.C.D'])
    await service.close()
  })

  it('un-adopts one whose start fails, and rejects with its error', async () => {
    const { service, engine } = await parent()
    const bad = createService({ name: 'C', parent: engine, start: () => Promise.reject(new Error('no')) })
    expect(await failure(engine.startSubService(bad))).toMatchObject({
      code: 'START_FAILED',
      service: 'P.C',
      cause: { message: 'no' },
    })
    expect([...service.healthReport().keys()]).toEqual(['P'])
    const good = createService({ name: 'C', parent: engine })
    await engine.startSubService(good)
    await service.close()
    expect(good.readiness()).toMatchObject({ state: 'Stopped' })
  })

  it('un-adopts one whose close fails, and rejects with its error', async () => {
    const { service, engine } = await parent()
    const bad = await engine.startSubService(
      createService({ name: 'C', parent: engine, close: () => Promise.reject(new Error('no')) }),
    )
    expect((await failure(engine.closeSubService(bad))).message).toBe('no')
    await service.close()
  })

  it('gives a second close the one in flight', async () => {
    const { service, engine } = await parent()
    const gate = Promise.withResolvers<void>()
    const child = await engine.startSubService(createService({ name: 'C', parent: engine, close: () => gate.promise }))
    const closes = [engine.closeSubService(child), engine.closeSubService(child)]
    gate.resolve()
    await Promise.all(closes)
    await expect(engine.closeSubService(child)).rejects.toThrow(
      'Cannot close a sub-service of "P": expected one that it has, got "P.C"',
    )
    await service.close()
  })

  it('aborts a start in flight when the parent closes', async () => {
    const { service, engine } = await parent()
    const starting = failure(
      engine.startSubService(
        createService({
          name: 'C',
          parent: engine,
          start: (_, signal) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                reject(signal.reason as Error)
              })
            }),
        }),
      ),
    )
    await service.close()
    expect(await starting).toMatchObject({ code: 'START_FAILED', cause: engine.signal.reason as unknown })
  })

  it('aborts a start in flight by the signal given', async () => {
    const { service, engine } = await parent()
    const controller = new AbortController()
    const child = createService({
      name: 'C',
      parent: engine,
      start: async (_, signal) => {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve)
        })
        throw signal.reason
      },
    })
    const starting = failure(engine.startSubService(child, { signal: controller.signal }))
    controller.abort(new Error('not any more'))
    expect(await starting).toMatchObject({ code: 'START_FAILED', cause: { message: 'not any more' } })
    await expect(
      engine.startSubService(createService({ name: 'D', parent: engine }), { signal: controller.signal }),
    ).rejects.toBe(controller.signal.reason)
    expect([...service.healthReport().keys()]).toEqual(['P'])
    await service.close()
  })

  it('is closed with its parent as any other child, and skipped when it has stopped already', async () => {
    const log: string[] = []
    const { service, engine } = await parent()
    const child = (name: string): Service => createService({ name, parent: engine, close: () => void log.push(name) })
    const [a, b] = [await engine.startSubService(child('a')), await engine.startSubService(child('b'))]
    await a.close()
    await service.close()
    expect([log, b.readiness()]).toMatchObject([['a', 'b'], { state: 'Stopped' }])
  })

  it('waits for a close of one that is in flight when the parent closes', async () => {
    const { service, engine } = await parent()
    const gate = Promise.withResolvers<void>()
    const child = await engine.startSubService(createService({ name: 'C', parent: engine, close: () => gate.promise }))
    const log: string[] = []
    const one = failure(engine.closeSubService(child)).then((error) => log.push(`child: ${error.message}`))
    const all = service.close().then(() => log.push('parent'))
    gate.reject(new Error('badly'))
    await Promise.all([one, all])
    expect(log).toEqual(['child: badly', 'parent'])
  })

  it('is allowed while Starting and Started only', async () => {
    const { service, engine } = createServiceEngine({
      name: 'P',
      start: async (it) => {
        await it.startSubService(createService({ name: 'early', parent: it }))
      },
    })
    const child = (): Service => createService({ name: 'x', parent: engine })
    await expect(engine.startSubService(child())).rejects.toMatchObject({ code: 'NOT_STARTED', state: 'Unstarted' })
    await service.start()
    const late = await engine.startSubService(createService({ name: 'late', parent: engine }))
    const stopping = Promise.withResolvers<unknown>()
    engine.go(async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
      stopping.resolve(await Promise.allSettled([engine.startSubService(child()), engine.closeSubService(late)]))
    })
    await service.close()
    expect(await stopping.promise).toMatchObject([
      { reason: { code: 'NOT_STARTED' } },
      { reason: { code: 'NOT_STARTED' } },
    ])
    await expect(engine.startSubService(child())).rejects.toMatchObject({ code: 'NOT_STARTED', state: 'Stopped' })
  })

  it('is unwound with a start that fails after it', async () => {
    const log: string[] = []
    const service = createService({
      name: 'P',
      start: async (engine) => {
        for (const name of ['a', 'b']) {
          await engine.startSubService(
            createService({ name, parent: engine, close: () => void log.push(`close ${name}`) }),
          )
        }
        throw new Error('then this')
      },
    })
    await failure(service.start())
    expect(log).toEqual(['close b', 'close a'])
  })

  it('refuses what is wrong before anything has changed', async () => {
    const { service, engine } = await parent()
    const child = await engine.startSubService(createService({ name: 'C', parent: engine }))
    const bad: [unknown, RegExp][] = [
      [undefined, /a sub-service: expected an object, got undefined/],
      [{}, /the method "name" of a sub-service/],
      [createService({ name: 'C', parent: engine }), /one of that name already/],
      [child, /one of that name already/],
      [service, /above its owner already/],
    ]
    for (const [value, message] of bad) await expect(engine.startSubService(value as never)).rejects.toThrow(message)
    const owned = createService({ name: 'Owned', parent: engine })
    createService({ name: 'Q', subServices: () => [owned] })
    await expect(engine.startSubService(owned)).rejects.toThrow('it has an owner already')
    await expect(
      engine.startSubService(createService({ name: 'S', parent: engine }), { signal: 1 } as never),
    ).rejects.toThrow(TypeError)
    await expect(engine.closeSubService(service)).rejects.toThrow(TypeError)
    await expect(engine.closeSubService(undefined as never)).rejects.toThrow(TypeError)
    expect([...service.healthReport().keys()]).toEqual(['P', 'P.C'])
    await service.close()
  })

  it('closes one that ignores the abort and starts after its parent has given up', async () => {
    vi.useFakeTimers()
    const gate = Promise.withResolvers<void>()
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'P', closeTimeoutMs: 10 })
    await service.start()
    const stubborn: Service = {
      name: () => 'Stubborn',
      start: () => gate.promise,
      close: () => Promise.resolve(void log.push('closed')),
      readiness: () => null,
      healthReport: () => new Map(),
    }
    const starting = failure(engine.startSubService(stubborn))
    const closing = failure(service.close())
    await vi.advanceTimersByTimeAsync(10)
    expect((await closing).pending).toMatchObject([
      { kind: 'task', label: 'start Stubborn' },
      { service: 'Stubborn', kind: 'start' },
    ])
    gate.resolve()
    expect(await starting).toMatchObject({ code: 'NOT_STARTED', state: 'StopFailed' })
    expect(log).toEqual(['closed'])
  })

  it('comes and goes a thousand times while reports are read and the parent closes in the middle', async () => {
    const removed = new Set<Scope>()
    const known = new Set<Scope>()
    const observe = (event: ServiceEvent): void => {
      if (event.type === 'removed') removed.add(event.scope)
      else if (event.type === 'state') known.add(event.scope)
    }
    const { service, engine } = await parent([{ observe }])
    const outcomes = { started: 0, refused: 0 }
    const live = new Set<Service>()
    const one = async (i: number): Promise<void> => {
      const child = createService({
        name: `c${i}`,
        parent: engine,
        start:
          i % 3 === 0
            ? () => {}
            : async () => {
                await Promise.resolve()
              },
        close:
          i % 2 === 0
            ? () => {}
            : async () => {
                await Promise.resolve()
              },
      })
      live.add(child)
      try {
        await engine.startSubService(child)
        outcomes.started++
        await Promise.resolve()
        await engine.closeSubService(child)
      } catch (error) {
        expect((error as ServiceError).code).toMatch(/NOT_STARTED|START_FAILED/)
        outcomes.refused++
      }
    }
    const work: Promise<void>[] = []
    let closing: Promise<void> | undefined
    for (let i = 0; i < 1000; i++) {
      work.push(one(i))
      expect(service.healthReport().size).toBeGreaterThan(0)
      service.readiness()
      if (i % 7 === 0) await Promise.resolve()
      if (i === 600) closing = service.close()
    }
    await Promise.all(work)
    await closing
    expect(outcomes.started).toBeGreaterThan(500)
    expect(outcomes.refused).toBeGreaterThan(300)
    for (const child of live) expect((child.readiness() as ServiceError).state).toMatch(/Unstarted|Stopped|StartFailed/)
    const open = [...known].filter((scope) => !removed.has(scope)).map((scope) => scope.id)
    expect(open.filter((id) => id !== 'P').length).toBe([...service.healthReport().keys()].length - 1)
  })
})
