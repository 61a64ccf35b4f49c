import { createScope, errorTree, type Scope, type Service, type ServiceError, sleep } from '@svc/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createService, createServiceEngine } from './index.ts'

afterEach(() => {
  vi.useRealTimers()
})

const failure = (closed: Promise<unknown>): Promise<ServiceError> =>
  closed.then(
    () => {
      throw new Error('It closed')
    },
    (error: unknown) => error as ServiceError,
  )

const messages = (error: unknown): string[] => [...errorTree(error)].map((it) => (it as Error).message)

describe('close()', () => {
  it('refuses in every state but Started, and says which', async () => {
    const service = createService({ name: 'A' })
    await expect(service.close()).rejects.toMatchObject({ code: 'CANNOT_STOP_UNSTARTED', service: 'A' })
    await service.start()
    await service.close()
    await expect(service.close()).rejects.toMatchObject({ code: 'ALREADY_STOPPED' })
  })

  it('stops, waits for tasks, runs its hook, then closes sub-services', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({
      name: 'App',
      subServices: (parent) => [createService({ name: 'Sub', parent, close: () => void log.push('close Sub') })],
      close: (it) => void log.push(`close App, aborted: ${it.signal.aborted}`),
    })
    await service.start()
    engine.go(async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
      await Promise.resolve()
      log.push('task ended')
    })
    await service.close()
    expect(log).toEqual(['task ended', 'close App, aborted: true', 'close Sub'])
  })

  it('closes sub-services concurrently, and joins errors, the own one first, then in order', async () => {
    const log: string[] = []
    const gates = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() }
    const sub = (name: 'a' | 'b', parent: Scope): Service =>
      createService({
        name,
        parent,
        close: async () => {
          log.push(`closing ${name}`)
          await gates[name].promise
          throw new Error(`${name} failed`)
        },
      })
    const app = createService({
      name: 'App',
      subServices: (engine) => [sub('a', engine), sub('b', engine)],
      close: () => Promise.reject(new Error('own failed')),
    })
    await app.start()
    const failed = failure(app.close())
    await vi.waitFor(() => {
      expect(log.toSorted()).toEqual(['closing a', 'closing b'])
    })
    gates.b.resolve()
    gates.a.resolve()
    expect(messages(await failed)).toEqual(['own failed\na failed\nb failed', 'own failed', 'a failed', 'b failed'])
  })

  it('closes one after the other in reverse when told to: nothing closes before its dependents', async () => {
    const log: string[] = []
    const app = createService({
      name: 'App',
      closeOrder: 'reverse',
      subServices: (engine) =>
        ['a', 'b', 'c'].map((name) =>
          createService({
            name,
            parent: engine,
            close: async () => {
              log.push(`closing ${name}`)
              await Promise.resolve()
              log.push(`closed ${name}`)
              if (name !== 'a') throw new Error(name)
            },
          }),
        ),
    })
    await app.start()
    const error = await failure(app.close())
    expect(log).toEqual(['closing c', 'closed c', 'closing b', 'closed b', 'closing a', 'closed a'])
    expect(messages(error)).toEqual(['c\nb', 'c', 'b'])
  })

  it('skips a sub-service that has been closed on its own', async () => {
    let sub: Service | undefined
    const app = createService({
      name: 'App',
      subServices: (engine) => [(sub = createService({ name: 'Sub', parent: engine }))],
    })
    await app.start()
    await sub?.close()
    await expect(app.close()).resolves.toBeUndefined()
  })

  it('waits for a start in flight: a stop during a start', async () => {
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    const service = createService({
      name: 'A',
      start: async () => {
        await gate.promise
        log.push('started')
      },
      close: () => void log.push('closed'),
    })
    const started = service.start()
    const closed = service.close()
    gate.resolve()
    await started
    await closed
    expect(log).toEqual(['started', 'closed'])
  })

  it('refuses a start during a stop', async () => {
    const gate = Promise.withResolvers<void>()
    const service = createService({ name: 'A', close: () => gate.promise })
    await service.start()
    const closed = service.close()
    await expect(service.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED', state: 'Stopping' })
    gate.resolve()
    await closed
  })

  it('makes the second of two closes wait and judge what it finds', async () => {
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    const good = createService({ name: 'A', close: () => gate.promise })
    await good.start()
    const first = good.close().then(() => log.push('first'))
    const second = failure(good.close()).then((error) => log.push(error.code))
    gate.resolve()
    await Promise.all([first, second])
    expect(log).toEqual(['first', 'ALREADY_STOPPED'])
    const bad = createService({ name: 'B', close: () => Promise.reject(new Error('no')) })
    await bad.start()
    const both = await Promise.all([failure(bad.close()), failure(bad.close())])
    expect(both.map((error) => error.code ?? error.message)).toEqual(['no', 'CANNOT_STOP'])
  })

  it('aborts the signal before it waits for guarded functions, so that one which waits for it ends', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    await service.start()
    const held = engine.ifStarted(
      () =>
        new Promise<string>((resolve) => {
          engine.signal.addEventListener('abort', () => {
            resolve(`heard: ${(engine.signal.reason as Error).name}`)
          })
        }),
    )
    await service.close()
    expect(await held).toBe('heard: AbortError')
  })

  it('holds a stop back while a guarded function runs, and refuses new ones as Stopping', async () => {
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    const { service, engine } = createServiceEngine({ name: 'A', close: () => void log.push('closed') })
    await service.start()
    const held = engine.ifStarted(async () => {
      await gate.promise
      log.push('guarded')
    })
    const closed = service.close()
    await expect(engine.ifStarted(() => 1)).rejects.toMatchObject({ code: 'NOT_STARTED', state: 'Stopping' })
    await expect(engine.ifNotStopped(() => 1)).rejects.toMatchObject({ code: 'ALREADY_STOPPED', state: 'Stopping' })
    expect(() => {
      engine.assertStarted()
    }).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state: 'Stopping' }))
    gate.resolve()
    await held
    await closed
    expect(log).toEqual(['guarded', 'closed'])
  })
})

describe('the deadline of a close', () => {
  it('begins every step that is left and awaits none', async () => {
    vi.useFakeTimers()
    const log: string[] = []
    const app = createService({
      name: 'App',
      closeTimeoutMs: 100,
      closeOrder: 'reverse',
      subServices: (engine) =>
        ['a', 'b'].map((name) =>
          createService({
            name,
            parent: engine,
            close: () => {
              log.push(`closing ${name}`)
              return name === 'b' ? new Promise(() => {}) : undefined
            },
          }),
        ),
      start: (engine) => {
        engine.go(() => new Promise(() => {}), { label: 'stuck' })
      },
      close: () => {
        log.push('closing App')
        return new Promise(() => {})
      },
    })
    await app.start()
    const failed = failure(app.close())
    await vi.advanceTimersByTimeAsync(100)
    const error = await failed
    expect(log).toEqual(['closing App', 'closing b', 'closing a'])
    expect(error.code).toBe('TIMEOUT')
    expect(error.pending.map((work) => `${work.kind} ${work.label} of ${work.service} ${work.ageMs}`)).toEqual([
      'task stuck of App 100',
      'close close of App 0',
      'close close of App.b 0',
    ])
    expect([app.healthReport().get('App'), vi.getTimerCount()]).toMatchObject([{ state: 'StopFailed' }, 0])
  })

  it('names each unfinished task, tick, hook and lease, and the sub-service that hangs', async () => {
    vi.useFakeTimers()
    const { service, engine } = createServiceEngine({
      name: 'App',
      subServices: (parent) => [createService({ name: 'Slow', parent, close: () => new Promise(() => {}) })],
      start: (it) => {
        it.goTick({ periodMs: 1000 }, () => new Promise(() => {}), { label: 'refresh' })
        it.go(() => new Promise(() => {}), { label: 'listen' })
      },
    })
    await service.start()
    void engine.ifStarted(function upload() {
      return new Promise(() => {})
    })
    await vi.advanceTimersByTimeAsync(500)
    const controller = new AbortController()
    const failed = failure(service.close(controller.signal))
    await vi.advanceTimersByTimeAsync(10)
    controller.abort(new Error('out of budget'))
    await vi.advanceTimersByTimeAsync(0)
    const error = await failed
    expect(error.pending.map(({ kind, label, service: name }) => [kind, label, name])).toEqual([
      ['lease', 'upload', 'App'],
      ['tick', 'refresh', 'App'],
      ['task', 'listen', 'App'],
      ['close', 'close', 'App.Slow'],
    ])
    expect(error.cause).toBe(controller.signal.reason)
  })

  it('shortens with each level: a sub-service that runs out of its own time is named by the error of the whole', async () => {
    vi.useFakeTimers()
    const app = createService({
      name: 'App',
      closeTimeoutMs: 1000,
      subServices: (engine) => [
        createService({ name: 'Sub', parent: engine, closeTimeoutMs: 10, close: () => new Promise(() => {}) }),
      ],
    })
    await app.start()
    const failed = failure(app.close())
    await vi.advanceTimersByTimeAsync(10)
    expect(await failed).toMatchObject({
      code: 'TIMEOUT',
      service: 'App.Sub',
      pending: [{ service: 'App.Sub', kind: 'close' }],
    })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is no failure when all that is left ends at once, even with a budget that has ended before', async () => {
    const log: string[] = []
    const app = createService({
      name: 'App',
      subServices: (engine) => [createService({ name: 'a', parent: engine, close: () => void log.push('a') })],
      close: () => void log.push('App'),
    })
    await app.start()
    await app.close(AbortSignal.abort())
    expect(log).toEqual(['App', 'a'])
  })

  it('ends a start that it cannot wait for', async () => {
    vi.useFakeTimers()
    const log: string[] = []
    const service = createService({
      name: 'App',
      start: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            log.push('start aborted')
            reject(signal.reason as Error)
          })
        }),
    })
    const starting = failure(service.start())
    const controller = new AbortController()
    const closing = failure(service.close(controller.signal))
    controller.abort(new Error('out of budget'))
    expect(await closing).toMatchObject({ code: 'TIMEOUT', pending: [{ service: 'App', kind: 'start' }] })
    expect(await starting).toMatchObject({ code: 'START_FAILED' })
    expect([log, vi.getTimerCount()]).toEqual([['start aborted'], 0])
    await expect(service.close()).rejects.toMatchObject({ code: 'CANNOT_STOP', state: 'StartFailed' })
  })

  it('seals the engine of what was abandoned', async () => {
    vi.useFakeTimers()
    const { service, engine } = createServiceEngine({ name: 'App', closeTimeoutMs: 5 })
    await service.start()
    engine.go(() => new Promise(() => {}))
    const failed = failure(service.close())
    await vi.advanceTimersByTimeAsync(5)
    await failed
    expect(() => {
      engine.go(() => {})
    }).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state: 'StopFailed' }))
    await expect(engine.startSubService(createService({ name: 'x', parent: engine }))).rejects.toMatchObject({
      code: 'NOT_STARTED',
    })
  })

  it('leaves no timer behind when a close is refused', async () => {
    vi.useFakeTimers()
    const gate = Promise.withResolvers<void>()
    const service = createService({ name: 'App', closeTimeoutMs: 60_000, close: () => gate.promise })
    await service.start()
    const closes = Promise.allSettled([service.close(), service.close(), service.close()])
    gate.resolve()
    expect((await closes).map((it) => it.status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a close awaited from inside what it would wait for', () => {
  const scope = createScope()
  it('is an error inside its own start, before and after an await, whatever kind of function that is', async () => {
    const starts: ((close: () => Promise<void>) => Promise<void>)[] = [
      (close) => close(),
      async (close) => {
        await Promise.resolve()
        await close()
      },
      (close) => Promise.resolve().then(close),
      (close) => sleep(1).then(close),
    ]
    for (const start of starts) {
      const service: Service = createService({ name: 'A', parent: scope, start: () => start(() => service.close()) })
      expect(await failure(service.start())).toMatchObject({
        code: 'START_FAILED',
        cause: { code: 'DEADLOCK', service: 'A' },
      })
    }
  })

  it('is an error inside its own close', async () => {
    const service: Service = createService({
      name: 'A',
      parent: scope,
      close: async () => {
        await Promise.resolve()
        await service.close()
      },
    })
    await service.start()
    expect(await failure(service.close())).toMatchObject({ code: 'DEADLOCK' })
  })

  it('is an error inside a guarded function, also one of a sub-service, also on the path for functions that end at once', async () => {
    const { service: sub, engine } = createServiceEngine({ name: 'Sub', parent: scope })
    const app = createService({ name: 'App', parent: scope, subServices: () => [sub] })
    await app.start()
    for (const target of [sub, app]) {
      await expect(engine.ifStarted(() => target.close())).rejects.toMatchObject({
        code: 'DEADLOCK',
        service: target.name(),
      })
      await expect(engine.ifStarted(() => Promise.resolve().then(() => target.close()))).rejects.toMatchObject({
        code: 'DEADLOCK',
      })
    }
    for (let i = 0; i < 100; i++) await engine.ifStarted(() => i)
    await expect(engine.ifStarted(() => app.close())).rejects.toMatchObject({ code: 'DEADLOCK' })
    await app.close()
  })

  it('is an error inside the start or close of a sub-service', async () => {
    const app: Service = createService({
      name: 'App',
      parent: scope,
      subServices: (engine) => [
        createService({
          name: 'Sub',
          parent: engine,
          start: async () => {
            await Promise.resolve()
            await app.close()
          },
        }),
      ],
    })
    expect(messages(await failure(app.start())).at(-1)).toContain('Cannot close "App": the call comes from inside')
  })

  it('is none from outside, or once the function has ended', async () => {
    let later: (() => Promise<void>) | undefined
    const service: Service = createService({
      name: 'A',
      parent: scope,
      start: async () => {
        await Promise.resolve()
        const timer = Promise.withResolvers<void>()
        later = () => {
          timer.resolve()
          return closed
        }
        const closed = timer.promise.then(() => service.close())
      },
    })
    await service.start()
    await later?.()
    expect(service.readiness()).toMatchObject({ state: 'Stopped' })
  })

  it('is named by the deadline inside a task, and caught at once where the scope asks for it', async () => {
    vi.useFakeTimers()
    const { service, engine } = createServiceEngine({ name: 'A', parent: scope, closeTimeoutMs: 20 })
    await service.start()
    const closing = Promise.withResolvers<ServiceError>()
    engine.go(
      async () => {
        await Promise.resolve()
        closing.resolve(await failure(service.close()))
      },
      { label: 'suicide' },
    )
    await vi.advanceTimersByTimeAsync(20)
    expect(await closing.promise).toMatchObject({ code: 'TIMEOUT', pending: [{ kind: 'task', label: 'suicide' }] })

    const watched = createServiceEngine({ name: 'B', parent: createScope({ detectSelfClose: true }) })
    await watched.service.start()
    const caught = Promise.withResolvers<ServiceError>()
    watched.engine.go(async () => {
      await Promise.resolve()
      caught.resolve(await failure(watched.service.close()))
    })
    expect(await caught.promise).toMatchObject({ code: 'DEADLOCK' })
    await watched.service.close()
  })
})
