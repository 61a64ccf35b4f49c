import { createScope, type Exporter, type ServiceError, type ServiceEvent } from '@svc/core'
import { createTicker } from '@svc/ticker'
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createServiceEngine, type Engine, type EngineService } from './index.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

async function started(
  exporters: Exporter[] = [],
  options: object = {},
): Promise<{ service: EngineService; engine: Engine }> {
  const made = createServiceEngine({ name: 'A', parent: createScope({ exporters, ...options }) })
  await made.service.start()
  return made
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })

describe('engine.go()', () => {
  it('runs a task at once, with the stop as its context, and makes the close wait for it', async () => {
    const log: string[] = []
    const { service, engine } = await started()
    engine.go(async (task) => {
      log.push('begun')
      await aborted(task.signal)
      await Promise.resolve()
      log.push(`ended: ${task.signal.reason === engine.signal.reason}`)
    })
    log.push('after go')
    await service.close()
    log.push('closed')
    expect(log).toEqual(['begun', 'after go', 'ended: true', 'closed'])
  })

  it('Mended: before a start and after the end — Go runs it untracked for ever', async () => {
    const { service, engine } = createServiceEngine({ name: 'A' })
    const refused = (state: string): void => {
      expect(() => {
        engine.go(() => {
          throw new Error('It ran')
        })
      }).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state }))
      expect(() => {
        engine.goTick({ periodMs: 1 }, () => {})
      }).toThrow(expect.objectContaining({ code: 'NOT_STARTED', state }))
    }
    refused('Unstarted')
    await service.start()
    await service.close()
    refused('Stopped')
  })

  it('lets tasks start tasks, also while the service closes, and in its close hook', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({
      name: 'A',
      close: (it) => {
        it.go(async (task) => {
          await Promise.resolve()
          log.push(`from the close hook, aborted: ${task.signal.aborted}`)
        })
      },
    })
    await service.start()
    engine.go(async ({ signal }) => {
      await aborted(signal)
      engine.go(async (task) => {
        await Promise.resolve()
        log.push(`while draining, aborted: ${task.signal.aborted}`)
      })
    })
    await service.close()
    expect(log).toEqual(['while draining, aborted: true', 'from the close hook, aborted: true'])
  })

  it('ends the context of a task with the task, so that work left behind hears of it', async () => {
    const { service, engine } = await started()
    let left: AbortSignal | undefined
    engine.go((task) => {
      left = task.signal
    })
    expect(left?.aborted).toBe(true)
    await service.close()
  })

  it('ends a task with the signal that it was given', async () => {
    const controller = new AbortController()
    const reason = new Error('only this one')
    const { service, engine } = await started()
    const ended = Promise.withResolvers<unknown>()
    engine.go(
      async ({ signal }) => {
        await aborted(signal)
        ended.resolve(signal.reason)
      },
      { signal: controller.signal },
    )
    controller.abort(reason)
    expect([await ended.promise, engine.signal.aborted]).toEqual([reason, false])
    await service.close()
  })

  it.each<[string, () => PromiseLike<void> | void]>([
    ['rejects', () => Promise.reject(new Error('lost'))],
    [
      'throws',
      () => {
        throw new Error('lost')
      },
    ],
    [
      'gives a thenable that rejects',
      // oxlint-disable-next-line unicorn/no-thenable
      () => ({ then: (_: unknown, no?: ((e: unknown) => unknown) | null) => no?.(new Error('lost')) as never }),
    ],
  ])('makes a task that %s a health condition, never an unhandled rejection', async (_what, fn) => {
    const { service, engine } = await started()
    engine.go(fn, { label: 'pump' })
    await vi.waitFor(() => {
      expect(service.healthReport().get('A')?.message).toBe('task pump: lost')
    })
    expect(service.healthReport().get('A')?.cause).toMatchObject({ message: 'lost' })
    await service.close()
  })

  it('knows a failure from a cancellation by the reason in the cause chain, never by a name', async () => {
    const failed: string[] = []
    const nothing = (): void => {}
    const logger = {
      debug: nothing,
      info: nothing,
      warn: nothing,
      error: (fields: object) => void failed.push((fields as { task: string }).task),
    }
    const { service, engine } = await started([], { logger })
    const impostor = new Error('abort of something else')
    impostor.name = 'AbortError'
    engine.go(() => Promise.reject(impostor), { label: 'impostor' })
    engine.go(
      async ({ signal }) => {
        await aborted(signal)
        throw new Error('wrapped', { cause: signal.reason })
      },
      { label: 'well-behaved' },
    )
    engine.go(
      async ({ signal }) => {
        await aborted(signal)
        throw new Error('while stopping')
      },
      { label: 'failing late' },
    )
    await Promise.resolve()
    expect(service.healthReport().get('A')?.message).toBe('task impostor: abort of something else')
    await service.close()
    expect(failed).toEqual(['impostor', 'failing late'])
  })

  it('takes its label from its options, else from its function, and tells exporters of it as a root of its own', async () => {
    const events: ServiceEvent[] = []
    const { service, engine } = await started([{ observe: (event) => void events.push(event) }])
    engine.go(function poll() {})
    engine.go(() => {}, { label: 'other' })
    engine.go(() => {})
    const begun = events.filter((it) => it.type === 'begin').map((it) => it.operation)
    expect(begun.map(({ kind, label, parent }) => [kind, label, parent])).toEqual([
      ['start', 'A', undefined],
      ['task', 'poll', undefined],
      ['task', 'other', undefined],
      ['task', 'task', undefined],
    ])
    expect(begun.slice(1).map((it) => it.origin === begun[0])).toEqual([true, true, true])
    await service.close()
  })

  it('runs tasks in the context in which their scope was made, not in that of the start', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const exporter: Exporter = { activate: (operation, fn) => storage.run(`span of ${operation.kind}`, fn) }
    const { service } = storage.run('made', () =>
      createServiceEngine({
        name: 'A',
        parent: createScope({ exporters: [exporter] }),
        start: (engine) => {
          seen.push(storage.getStore())
          engine.go(() => void seen.push(storage.getStore()))
        },
      }),
    )
    await storage.run('started', () => service.start())
    expect(seen).toEqual(['span of start', 'span of task'])
    const bare: Exporter = { activate: (_, fn) => fn() }
    const { service: other } = storage.run('made', () =>
      createServiceEngine({
        name: 'B',
        parent: createScope({ exporters: [bare] }),
        start: (engine) => engine.go(() => void seen.push(storage.getStore())),
      }),
    )
    await storage.run('started', () => other.start())
    expect(seen.at(-1)).toBe('made')
    await service.close()
    await other.close()
  })

  it('runs ticks in the context of their root scope, where nobody makes one for them', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    const both = Promise.withResolvers<void>()
    const scope = storage.run('root', () => createScope())
    const tick = (): void => {
      if (seen.push(storage.getStore()) === 2) both.resolve()
    }
    const make = (name: string): EngineService =>
      createServiceEngine({
        name,
        parent: scope,
        start: (engine) => {
          engine.goTick({ periodMs: 100, initialMs: 1 }, tick)
        },
      }).service
    const [first, second] = [make('first'), make('second')]
    await storage.run('first', () => first.start())
    await storage.run('second', () => second.start())
    const holding = setInterval(() => {}, 1000)
    await both.promise
    clearInterval(holding)
    expect(seen).toEqual(['root', 'root'])
    await first.close()
    await second.close()
  })

  it('says where a task was started, where the scope asks for it', async () => {
    const { service, engine } = await started([], { traceTasks: true })
    engine.go(() => new Promise(() => {}), { label: 'stuck' })
    const error = (await service.close(AbortSignal.abort()).catch((it: unknown) => it)) as ServiceError
    expect(error.pending[0]?.startedBy).toContain('tasks.test.ts')
  })

  it.each<[unknown, unknown, typeof TypeError | typeof RangeError, string]>([
    [undefined, undefined, TypeError, 'the task: expected a function, got undefined'],
    [() => {}, 'x', TypeError, 'the options: expected an object'],
    [() => {}, { label: '' }, TypeError, 'option "label"'],
    [() => {}, { label: 5 }, TypeError, 'option "label"'],
    [() => {}, { signal: {} }, TypeError, 'option "signal": expected an AbortSignal'],
  ])('refuses %s with %s', async (fn, options, kind, message) => {
    const { service, engine } = await started()
    expect(() => {
      engine.go(fn as never, options as never)
    }).toThrow(kind)
    expect(() => {
      engine.go(fn as never, options as never)
    }).toThrow(message)
    await service.close(AbortSignal.abort())
  })
})

describe('engine.goTick()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  it('ticks at once and then each period, one at a time, until the service closes', async () => {
    const log: number[] = []
    const { service, engine } = await started()
    const begun = Date.now()
    engine.goTick({ periodMs: 100, jitter: 0 }, async () => {
      log.push(Date.now() - begun)
      await new Promise((resolve) => setTimeout(resolve, 250))
    })
    await vi.advanceTimersByTimeAsync(600)
    expect(log).toEqual([0, 250, 500])
    const closed = service.close()
    await vi.advanceTimersByTimeAsync(1000)
    await closed
    expect([log, vi.getTimerCount()]).toEqual([[0, 250, 500], 0])
  })

  it.each([10, 200])('tells exporters how late each tick of a period of %i ms began', async (periodMs) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let clock = 1000
    vi.spyOn(performance, 'now').mockImplementation(() => clock)
    const late: (number | undefined)[] = []
    const { engine } = await started([
      { observe: (it) => void (it.type === 'begin' && it.operation.kind === 'tick' && late.push(it.operation.lateMs)) },
    ])
    const done = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    engine.goTick({ periodMs, initialMs: periodMs, jitter: 0 }, () => done[late.length - 1]?.promise)
    clock += periodMs + 3
    await vi.advanceTimersByTimeAsync(periodMs)
    // The handler takes longer than the period, so that the next tick begins with its end
    clock = 1000 + 2 * periodMs + 25
    done[0].resolve()
    await vi.advanceTimersByTimeAsync(periodMs)
    expect(late).toEqual([3, periodMs === 10 ? 22 : 25])
    const own = createTicker({ periodMs, jitter: 0 })
    engine.goTick(own, () => {})
    await vi.advanceTimersByTimeAsync(periodMs)
    expect(late).toContain(undefined)
    own.stop()
  })

  it('shows a tick that fails as a condition, which the next success clears', async () => {
    const { service, engine } = await started()
    let fails = true
    engine.goTick(
      { periodMs: 1000 },
      async () => {
        await Promise.resolve()
        if (fails) throw new Error('no answer')
      },
      { label: 'refresh' },
    )
    await vi.advanceTimersByTimeAsync(0)
    expect(service.healthReport().get('A')?.message).toBe('tick refresh: no answer')
    fails = false
    await vi.advanceTimersByTimeAsync(1100)
    expect(service.healthReport().get('A')).toBeNull()
    await service.close()
  })

  it('gives each tick a context that ends with it, or with the service', async () => {
    const signals: AbortSignal[] = []
    const { service, engine } = await started()
    engine.goTick({ periodMs: 1000 }, async ({ signal }) => {
      signals.push(signal)
      if (signals.length === 2) await aborted(signal)
    })
    await vi.advanceTimersByTimeAsync(1100)
    expect(signals.map((it) => it.aborted)).toEqual([true, false])
    await service.close()
    expect(signals[1]?.reason).toBe(engine.signal.reason)
  })

  it('stops a ticker that it was given, and ends when somebody else stops that one', async () => {
    const { service, engine } = await started()
    const ticker = createTicker({ periodMs: 1000, jitter: 0 })
    let ticks = 0
    engine.goTick(ticker, () => void ticks++)
    await vi.advanceTimersByTimeAsync(1000)
    await service.close()
    expect([ticks, await ticker.next(), vi.getTimerCount()]).toEqual([2, false, 0])
    const other = await started()
    const stopped = createTicker({ periodMs: 1000 })
    other.engine.goTick(stopped, () => {})
    stopped.stop()
    await vi.advanceTimersByTimeAsync(0)
    await other.service.close()
  })

  it('makes a ticker that fails a condition', async () => {
    const { service, engine } = await started()
    const broken = {
      next: () => Promise.reject(new Error('broken clock')),
      reset: () => {},
      stop: () => {},
      [Symbol.dispose]: () => {},
    }
    engine.goTick(broken, () => {}, { label: 'odd' })
    await vi.advanceTimersByTimeAsync(0)
    expect(service.healthReport().get('A')?.message).toBe('tick odd: broken clock')
    await service.close()
  })

  it('refuses wrong periods before anything has begun', async () => {
    const { service, engine } = await started()
    for (const periodMs of [0, -1, Number.NaN, Infinity]) {
      expect(() => {
        engine.goTick({ periodMs }, () => {})
      }).toThrow(RangeError)
    }
    expect(() => {
      engine.goTick(undefined as never, () => {})
    }).toThrow(TypeError)
    expect(() => {
      engine.goTick({ periodMs: 1 }, 'x' as never)
    }).toThrow(TypeError)
    await service.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
