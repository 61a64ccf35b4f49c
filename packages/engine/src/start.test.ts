import {
  createScope,
  errorTree,
  isCancellation,
  isServiceError,
  type Scope,
  type Service,
  type ServiceError,
} from '@svc/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createService, createServiceEngine, type ServiceConfig } from './index.ts'

afterEach(() => {
  vi.useRealTimers()
})

const failure = (started: Promise<unknown>): Promise<ServiceError> =>
  started.then(
    () => {
      throw new Error('It started')
    },
    (error: unknown) => error as ServiceError,
  )

const leaves = (error: unknown): string[] =>
  [...errorTree(error)]
    .filter((it) => !(it as Error).cause && !((it as AggregateError).errors?.length > 0))
    .map((it) => (it as Error).message)

function logged(name: string, parent: Scope | undefined, log: string[], config: Partial<ServiceConfig> = {}): Service {
  return createService({
    name,
    parent,
    start: () => void log.push(`start ${name}`),
    close: () => void log.push(`close ${name}`),
    ...config,
  })
}

describe('start()', () => {
  it('can be called once, and names the state to whoever calls it again', async () => {
    const gate = Promise.withResolvers<void>()
    const service = createService({ name: 'A', start: () => gate.promise })
    const started = service.start()
    await expect(service.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED', state: 'Starting' })
    gate.resolve()
    await started
    await expect(service.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED', state: 'Started' })
    await service.close()
    await expect(service.start()).rejects.toMatchObject({ code: 'ALREADY_STARTED', state: 'Stopped' })
  })

  it('logs Started before the state is Started', async () => {
    const states: (string | undefined)[] = []
    const nothing = (): void => {}
    const logger = {
      debug: nothing,
      warn: nothing,
      error: nothing,
      info: (_: object, message: string) => {
        if (message === 'Started') states.push((service.readiness() as ServiceError).state)
      },
    }
    const service = createService({ name: 'A', parent: createScope({ logger }) })
    await service.start()
    expect(states).toEqual(['Starting'])
    await service.close()
  })

  it('closes those that had started, in reverse, when a sub-service fails, and never the one that failed', async () => {
    const log: string[] = []
    const app = createService({
      name: 'App',
      subServices: (engine) => [
        logged('a', engine, log),
        logged('b', engine, log),
        logged('c', engine, log, {
          start: () => {
            log.push('start c')
            throw new Error('c failed')
          },
        }),
        logged('d', engine, log),
      ],
      start: () => void log.push('start App'),
      close: () => void log.push('close App'),
    })
    const error = await failure(app.start())
    expect(log).toEqual(['start a', 'start b', 'start c', 'close b', 'close a'])
    expect(error).toMatchObject({
      code: 'START_FAILED',
      service: 'App',
      cause: { code: 'START_FAILED', service: 'App.c', cause: { message: 'c failed' } },
    })
    expect(error.message).toBe('Cannot start "App": sub-service "App.c" failed to start')
    expect(app.readiness()?.message).toContain('"App": it is StartFailed')
  })

  it('throws the original error first, then what the unwinding added', async () => {
    const app = createService({
      name: 'App',
      subServices: (engine) => [
        createService({
          name: 'a',
          parent: engine,
          close: () => {
            throw new Error('a does not close')
          },
        }),
      ],
      start: () => Promise.reject(new Error('App does not start')),
    })
    expect(leaves(await failure(app.start()))).toEqual(['App does not start', 'a does not close'])
  })

  it('Mended: own hook fails — Go leaves sub-services and tasks running', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({
      name: 'App',
      subServices: (parent) => [logged('a', parent, log)],
      start: (it) => {
        it.go(async ({ signal }) => {
          await new Promise((resolve) => {
            signal.addEventListener('abort', resolve)
          })
          log.push('task ended')
        })
        throw new Error('own hook')
      },
    })
    const error = await failure(service.start())
    expect(error).toMatchObject({ code: 'START_FAILED', service: 'App', cause: { message: 'own hook' } })
    expect(log).toEqual(['start a', 'task ended', 'close a'])
    expect(engine.signal.aborted).toBe(true)
    expect(() => {
      engine.go(() => {})
    }).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state: 'StartFailed' }))
  })

  it('Mended: a signal aborted before start — Go runs all hooks all the same', async () => {
    const log: string[] = []
    const reason = new Error('changed my mind')
    const app = logged('App', undefined, log, { subServices: (engine) => [logged('a', engine, log)] })
    await expect(app.start(AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(log).toEqual([])
    await expect(app.close()).rejects.toMatchObject({ code: 'CANNOT_STOP', state: 'StartFailed' })
    const other = logged('Other', undefined, log)
    await expect(other.start(AbortSignal.abort('a string'))).rejects.toBe('a string')
  })

  it('changes nothing when its signal aborts after it has started', async () => {
    const controller = new AbortController()
    let given: AbortSignal | undefined
    const { service, engine } = createServiceEngine({
      name: 'App',
      start: (_, signal) => {
        given = signal
      },
    })
    await service.start(controller.signal)
    controller.abort()
    expect([service.readiness(), engine.signal.aborted, given?.aborted]).toEqual([null, false, false])
    await service.close()
  })

  it('treats a throw, a rejection and a rejecting thenable as the same failure', async () => {
    const hooks: (() => PromiseLike<void> | void)[] = [
      () => {
        throw new Error('x')
      },
      () => Promise.reject(new Error('x')),
      () => ({
        // oxlint-disable-next-line unicorn/no-thenable
        then: (_: unknown, reject?: ((error: unknown) => unknown) | null) => {
          reject?.(new Error('x'))
          return undefined as never
        },
      }),
    ]
    for (const start of hooks) {
      const error = await failure(createService({ name: 'A', start }).start())
      expect(error).toMatchObject({ code: 'START_FAILED', cause: { message: 'x' } })
    }
  })

  it('fails when it is aborted during its own hook, even if the hook ends well', async () => {
    const controller = new AbortController()
    const log: string[] = []
    const service = logged('App', undefined, log, {
      subServices: (engine) => [logged('a', engine, log)],
      start: () => {
        controller.abort(new Error('stop it'))
      },
    })
    const error = await failure(service.start(controller.signal))
    expect(error).toMatchObject({ code: 'START_FAILED', message: 'Cannot start "App": it was aborted', pending: [] })
    expect(isCancellation(error, controller.signal)).toBe(true)
    expect(log).toEqual(['start a', 'close a'])
  })

  it('logs an error for what failed or ran out of time, and a warning for what somebody aborted', async () => {
    const lines: string[] = []
    const level =
      (name: string) =>
      (_: object, message: string): void =>
        void lines.push(`${name} ${message}`)
    const logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }
    const start = async (signal: AbortSignal | undefined, startTimeoutMs: number | undefined): Promise<string[]> => {
      const app = createService({
        name: 'App',
        parent: createScope({ logger }),
        startTimeoutMs,
        subServices: (engine) => [
          createService({
            name: 'Sub',
            parent: engine,
            start: async (_, its) => {
              if (signal === undefined && startTimeoutMs === undefined) throw new Error('failed')
              await new Promise((resolve) => {
                its.addEventListener('abort', resolve)
              })
              throw its.reason
            },
          }),
        ],
      })
      await failure(app.start(signal))
      return lines.splice(0).filter((line) => line.endsWith('Failed to start sub-service'))
    }
    const controller = new AbortController()
    const aborted = start(controller.signal, undefined)
    controller.abort(new Error('enough'))
    expect([await aborted, await start(undefined, 1), await start(undefined, undefined)]).toEqual([
      ['warn Failed to start sub-service'],
      ['error Failed to start sub-service'],
      ['error Failed to start sub-service'],
    ])
  })

  it('hands the abort to the hook, and lets it give up in peace', async () => {
    const controller = new AbortController()
    const log: string[] = []
    const service = createService({
      name: 'App',
      start: async (_, signal) => {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve)
        })
        await new Promise((resolve) => setTimeout(resolve, 1))
        log.push('tidied up')
        throw signal.reason
      },
    })
    const started = service.start(controller.signal)
    controller.abort(new Error('enough'))
    const error = await failure(started)
    expect([log, error.code, error.pending]).toEqual([['tidied up'], 'START_FAILED', []])
    expect(error.cause).toBe(controller.signal.reason)
  })

  it('abandons and names a hook that ignores an abort', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const service = createService({ name: 'App', start: () => new Promise(() => {}) })
    const failed = failure(service.start(controller.signal))
    controller.abort(new Error('enough'))
    await vi.runAllTimersAsync()
    const error = await failed
    expect(error).toMatchObject({ code: 'START_FAILED', pending: [{ service: 'App', kind: 'start', label: 'start' }] })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('names at its deadline what had not ended, whatever level it is on', async () => {
    vi.useFakeTimers()
    const app = createService({
      name: 'App',
      startTimeoutMs: 1000,
      subServices: (engine) => [
        createService({
          name: 'Mid',
          parent: engine,
          subServices: (mid) => [
            createService({
              name: 'Leaf',
              parent: mid,
              start: (leaf) => {
                leaf.go(() => new Promise(() => {}), { label: 'stuck' })
                return new Promise(() => {})
              },
            }),
          ],
        }),
      ],
    })
    const failed = failure(app.start())
    await vi.runAllTimersAsync()
    const error = await failed
    expect(error.code).toBe('TIMEOUT')
    expect(error.pending.map(({ service, kind, label, ageMs }) => [service, kind, label, ageMs])).toEqual([
      ['App.Mid.Leaf', 'start', 'start', 1000],
      ['App.Mid.Leaf', 'task', 'stuck', 1000],
    ])
    expect(error.message).toBe(
      'Cannot start "App" in time: not ended: start of "App.Mid.Leaf" (1000 ms), task "stuck" of "App.Mid.Leaf" (1000 ms)',
    )
    expect(vi.getTimerCount()).toBe(0)
  })

  it('names a sub-service that is not ours and hangs', async () => {
    vi.useFakeTimers()
    const inner = createService({ name: 'Odd' })
    const hanging: Service = { ...inner, start: () => new Promise(() => {}) }
    const app = createService({ name: 'App', startTimeoutMs: 10, subServices: () => [hanging] })
    const failed = failure(app.start())
    await vi.runAllTimersAsync()
    expect((await failed).pending).toMatchObject([{ service: 'Odd', kind: 'start', label: 'start' }])
  })

  it('closes a sub-service that starts after it was abandoned', async () => {
    vi.useFakeTimers()
    const log: string[] = []
    const gate = Promise.withResolvers<void>()
    const late: Service = {
      name: () => 'Late',
      start: () => gate.promise,
      close: () => Promise.resolve(void log.push('closed')),
      readiness: () => null,
      healthReport: () => new Map(),
    }
    const app = createService({ name: 'App', startTimeoutMs: 10, subServices: () => [late] })
    const failed = failure(app.start())
    await vi.runAllTimersAsync()
    expect(isServiceError(await failed, 'TIMEOUT')).toBe(true)
    expect(log).toEqual([])
    gate.resolve()
    await vi.runAllTimersAsync()
    expect(log).toEqual(['closed'])
  })

  it('logs that the close of such a sub-service fails, since nobody else can be told', async () => {
    vi.useFakeTimers()
    const errors: object[] = []
    const nothing = (): void => {}
    const logger = { debug: nothing, info: nothing, warn: nothing, error: (fields: object) => void errors.push(fields) }
    const gate = Promise.withResolvers<void>()
    const late: Service = {
      name: () => 'Late',
      start: () => gate.promise,
      close: () => Promise.reject(new Error('does not close')),
      readiness: () => null,
      healthReport: () => new Map(),
    }
    const parent = createScope({ logger })
    const app = createService({ name: 'App', parent, startTimeoutMs: 10, subServices: () => [late] })
    const failed = failure(app.start())
    await vi.runAllTimersAsync()
    await failed
    errors.length = 0
    gate.resolve()
    await vi.runAllTimersAsync()
    expect(errors).toMatchObject([{ service: 'App', subService: 'Late', err: { message: 'does not close' } }])
  })

  it('shortens the deadline of the caller with its own, and never the other way', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const service = createService({ name: 'App', startTimeoutMs: 60_000, start: () => new Promise(() => {}) })
    const failed = failure(service.start(controller.signal))
    controller.abort(new Error('first'))
    await vi.advanceTimersByTimeAsync(1000)
    expect(isCancellation(await failed, controller.signal)).toBe(true)
  })

  it('leaves no listener on the signal of the caller', async () => {
    const controller = new AbortController()
    const added: string[] = []
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    vi.spyOn(signal, 'addEventListener').mockImplementation((type, listener) => {
      added.push('add')
      add(type, listener)
    })
    vi.spyOn(signal, 'removeEventListener').mockImplementation((type, listener) => {
      added.push('remove')
      remove(type, listener)
    })
    const app = createService({
      name: 'App',
      subServices: (engine) =>
        Array.from({ length: 50 }, (_, i) =>
          createService({ name: `s${i}`, parent: engine, start: async () => {}, close: async () => {} }),
        ),
    })
    await app.start(signal)
    await app.close(signal)
    expect(added.filter((it) => it === 'add')).toHaveLength(added.filter((it) => it === 'remove').length)
    // However many sub-services wait: those below join the deadline of the one above.
    expect(added.length).toBeLessThanOrEqual(8)
  })

  it('starts and closes a tree as deep as the user likes', async () => {
    let deep: Service = createService({ name: 'leaf' })
    for (let level = 0; level < 3000; level++) {
      const below = deep
      deep = createService({
        name: `level ${level}`,
        subServices: () => [below],
        closeOrder: level % 2 === 0 ? 'reverse' : 'concurrent',
      })
    }
    await deep.start()
    expect([deep.readiness(), deep.healthReport().size]).toEqual([null, 3001])
    await deep.close()
  })
})
