import { setImmediate as idle } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  attachNode,
  errorTree,
  type HealthReporter,
  isCancellation,
  isServiceError,
  ServiceError,
  type StartClose,
} from '@svc/core'
import { createMultiStart } from './multi-start.ts'

afterEach(() => {
  vi.useRealTimers()
})

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )
const never = (): Promise<void> => new Promise(() => {})

function logged(name: string, log: string[], parts: Partial<StartClose> = {}): StartClose & { name(): string } {
  return {
    name: () => name,
    start: (signal) => {
      log.push(`${name} start`)
      return parts.start?.(signal)
    },
    close: (signal) => {
      log.push(`${name} close`)
      return parts.close?.(signal)
    },
  }
}

/** Counts the abort listeners of a signal. */
function watched(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController()
  const { signal } = controller
  let count = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++
    add(...args)
  }
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--
    remove(...args)
  }
  return { controller, listeners: () => count }
}

describe('start() of createMultiStart() with a signal', () => {
  it('hands the signal to each start', async () => {
    const { signal } = new AbortController()
    const seen: unknown[] = []
    const service = { start: (it?: AbortSignal) => void seen.push(it), close: (it?: AbortSignal) => void seen.push(it) }
    const all = createMultiStart()
    await all.start([service, service], { signal })
    await all.close()
    expect(seen).toEqual([signal, signal, undefined, undefined])
  })

  it('starts nothing when it has aborted before, and rejects with the reason', async () => {
    const log: string[] = []
    const reason = new Error('too late')
    const all = createMultiStart()
    await all.start([logged('a', log)])
    expect(await failure(all.start([logged('b', log)], { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(await failure(all.start([], { signal: AbortSignal.abort('text') }))).toBe('text')
    expect(log).toEqual(['a start'])
  })

  it('closes what was started in reverse when it aborts between two services', async () => {
    const log: string[] = []
    const controller = new AbortController()
    const reason = new Error('enough')
    const broken = new Error('broken')
    const all = createMultiStart()
    const b = logged('b', log, {
      start: () => {
        controller.abort(reason)
      },
      close: () => {
        throw broken
      },
    })
    const started = all.start([logged('a', log), b, logged('c', log)], { signal: controller.signal })
    expect(await failure(started)).toMatchObject({ errors: [reason, broken] })
    expect(log).toEqual(['a start', 'b start', 'b close', 'a close'])
  })

  it('waits for the start in flight, which has the signal, and takes its error as the first', async () => {
    const log: string[] = []
    const controller = new AbortController()
    const own = new Error('gave up')
    const all = createMultiStart()
    const b = logged('b', log, {
      start: (signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            log.push('b unwinding')
            void idle().then(() => {
              log.push('b unwound')
              reject(own)
            })
          })
        }),
    })
    const started = failure(all.start([logged('a', log), b, logged('c', log)], { signal: controller.signal }))
    await idle()
    controller.abort(new Error('enough'))
    expect(await started).toBe(own)
    expect(log).toEqual(['a start', 'b start', 'b unwinding', 'b unwound', 'a close'])
  })

  it('leaves nothing open, at whichever of five starts it aborts, the last one too', async () => {
    for (let at = 0; at < 5; at++) {
      const controller = new AbortController()
      const reason = new Error(`at ${at}`)
      const open = new Set<number>()
      const services = Array.from({ length: 5 }, (_, i) => ({
        start: async () => {
          if (i === at) controller.abort(reason)
          await Promise.resolve()
          open.add(i)
        },
        close: async () => {
          await Promise.resolve()
          open.delete(i)
        },
      }))
      const all = createMultiStart()
      expect(await failure(all.start(services, { signal: controller.signal }))).toBe(reason)
      expect([...open]).toEqual([])
    }
  })

  it('changes nothing when it aborts after the start, and leaves no listener', async () => {
    const log: string[] = []
    const { controller, listeners } = watched()
    const all = createMultiStart()
    await all.start([logged('a', log)], { signal: controller.signal })
    expect(listeners()).toBe(0)
    controller.abort()
    await idle()
    expect(log).toEqual(['a start'])
  })

  it('gives the closes of the unwinding a chance: they get no aborted signal', async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const a = { start: () => controller.abort(), close: (signal?: AbortSignal) => void seen.push(signal?.aborted) }
    await failure(createMultiStart().start([a], { signal: controller.signal }))
    expect(seen).toEqual([false])
  })

  it('abandons and names a start that ignores the abort, closes the others, and closes it if it starts after all', async () => {
    vi.useFakeTimers()
    const log: string[] = []
    const { controller, listeners } = watched()
    const gate = Promise.withResolvers<void>()
    const reason = new Error('enough')
    const failed = failure(
      createMultiStart().start(
        [logged('a', log), logged('stubborn', log, { start: () => gate.promise }), logged('c', log)],
        { signal: controller.signal },
      ),
    )
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(reason)
    await vi.runAllTimersAsync()
    expect(await failed).toMatchObject({
      code: 'START_FAILED',
      cause: reason,
      pending: [{ service: 'stubborn', kind: 'start' }],
    })
    expect(log).toEqual(['a start', 'stubborn start', 'a close'])
    expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
    gate.resolve()
    await vi.runAllTimersAsync()
    expect(log.at(-1)).toBe('stubborn close')
  })

  it('waits for what has heard of the abort as long as it is told to', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const tidyUp = (signal?: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => setTimeout(() => reject(signal.reason as Error), 900))
      })
    const patient = failure(
      createMultiStart().start([{ start: tidyUp, close: () => {} }], { signal: controller.signal, giveUpMs: 1000 }),
    )
    const hasty = failure(
      createMultiStart().start([{ start: tidyUp, close: () => {} }], { signal: controller.signal, giveUpMs: 800 }),
    )
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('enough'))
    await vi.runAllTimersAsync()
    expect([await patient, await hasty]).toMatchObject([controller.signal.reason, { pending: [{ kind: 'start' }] }])
    expect(vi.getTimerCount()).toBe(0)
    await expect(createMultiStart().start([], { giveUpMs: -1 })).rejects.toThrow(RangeError)
  })

  it('waits for a service of ours that is still being unwound, which bounds that itself', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    let state: 'Starting' | 'StartFailed' = 'Starting'
    const ours: StartClose & HealthReporter = {
      name: () => 'Ours',
      start: (signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            setTimeout(() => {
              state = 'StartFailed'
              reject(signal.reason as Error)
            }, 10_000)
          })
        }),
      close: () => {},
      readiness: () => new ServiceError('Cannot use it', { code: 'NOT_STARTED', service: 'Ours', state }),
      healthReport: () => new Map(),
    }
    attachNode(ours, { revision: 0, visit: () => {}, adopt: () => {} })
    const failed = failure(createMultiStart().start([ours], { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('enough'))
    await vi.runAllTimersAsync()
    expect(await failed).toBe(controller.signal.reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('abandons and names a close that hangs while it takes back an aborted start', async () => {
    vi.useFakeTimers()
    const log: string[] = []
    const controller = new AbortController()
    const failed = failure(
      createMultiStart().start(
        [
          logged('a', log),
          logged('hangs', log, { close: never }),
          logged('c', log, { start: () => controller.abort() }),
        ],
        { signal: controller.signal },
      ),
    )
    await vi.runAllTimersAsync()
    const error = await failed
    expect(isCancellation(error, controller.signal)).toBe(true)
    expect([...errorTree(error)].flatMap((it) => (it as ServiceError).pending ?? [])).toMatchObject([
      { service: 'hangs', kind: 'close' },
    ])
    expect(log).toEqual(['a start', 'hangs start', 'c start', 'c close', 'hangs close', 'a close'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives up in peace: no timer is left when a start ends after its abort', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const start = async (signal?: AbortSignal): Promise<void> => {
      controller.abort(new Error('enough'))
      await Promise.resolve()
      throw signal?.reason
    }
    expect(await failure(createMultiStart().start([{ start, close: () => {} }], { signal: controller.signal }))).toBe(
      controller.signal.reason,
    )
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('close() of createMultiStart() with a signal', () => {
  it('hands the signal to each close, of closeBecause too, and leaves no listener', async () => {
    const { controller, listeners } = watched()
    const { signal } = controller
    const seen: unknown[] = []
    const service = { start: () => {}, close: (it?: AbortSignal) => void seen.push(it) }
    const all = createMultiStart()
    await all.start([service, service])
    await all.close(signal)
    await all.start([service])
    await failure(all.closeBecause(new Error('why'), signal))
    expect([seen, listeners()]).toEqual([[signal, signal, signal], 0])
  })

  it('begins every close left once the signal aborts, awaits none, and names what had not ended', async () => {
    const log: string[] = []
    const controller = new AbortController()
    const broken = new Error('broken')
    const all = createMultiStart()
    const nameless = { start: () => {}, close: never }
    const a = logged('a', log, { close: () => Promise.reject(broken) })
    await all.start([a, nameless, logged('c', log, { close: never }), logged('d', log)])
    const closed = failure(all.close(controller.signal))
    await idle()
    log.push('abort')
    controller.abort()
    const error = await closed
    expect(log.slice(3)).toEqual(['d close', 'c close', 'abort', 'a close'])
    const { errors } = error as AggregateError
    expect(errors[1]).toBe(broken)
    expect(isServiceError(errors[0], 'TIMEOUT')).toBe(true)
    expect(errors[0]).toMatchObject({
      message: 'Cannot close: the budget has ended, and these had not ended: "c" (close), "service 2" (close)',
      service: 'MultiStart',
      pending: [
        { service: 'c', kind: 'close', label: 'close', startedBy: undefined },
        { service: 'service 2', kind: 'close', label: 'close', startedBy: undefined },
      ],
    })
    for (const { ageMs } of (errors[0] as ServiceError).pending) expect(ageMs).toBeGreaterThanOrEqual(0)
  })

  it('takes the name of a thing whatever it does', async () => {
    const all = createMultiStart()
    const named = (name: unknown): StartClose => ({ start: () => {}, close: never, name }) as StartClose
    const thrower = () => {
      throw new Error('no name')
    }
    await all.start([named(() => '__proto__'), named(() => ''), named(() => 1), named(thrower), named('text')])
    const error = await failure(all.close(AbortSignal.abort()))
    expect((error as ServiceError).pending.map(({ service }) => service)).toEqual([
      'service 5',
      'service 4',
      'service 3',
      'service 2',
      '__proto__',
    ])
  })

  it('is no error when all that is begun after the end of the budget ends at once', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await all.start([logged('a', log), logged('b', log, { close: async () => Promise.resolve() })])
    await all.close(AbortSignal.abort())
    expect(log).toEqual(['a start', 'b start', 'b close', 'a close'])
  })

  it('keeps the report of a service that noticed the same deadline', async () => {
    const report = new ServiceError('Cannot close "App": out of time', { code: 'TIMEOUT', service: 'App' })
    const app: StartClose = {
      start: () => {},
      close: (signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(report)
          })
        }),
    }
    const controller = new AbortController()
    const all = createMultiStart()
    await all.start([app])
    const closed = failure(all.close(controller.signal))
    controller.abort()
    expect(await closed).toBe(report)
  })

  it('takes a rejection after the deadline in silence', async () => {
    const { promise, reject } = Promise.withResolvers<void>()
    const all = createMultiStart()
    await all.start([{ start: () => {}, close: () => promise }])
    expect(await failure(all.close(AbortSignal.abort()))).toMatchObject({ code: 'TIMEOUT' })
    // An unhandled rejection would fail the run.
    reject(new Error('late'))
    await idle()
    await all.close()
  })
})
