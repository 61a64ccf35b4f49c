import { createScope, type RootScope } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLoggedScope, createRig, facts, hang, settle } from './fixtures/fakes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Runs a service to its end; `elapsed` is what the end took. */
async function runToEnd(
  scope: RootScope,
  flushMs?: number,
): Promise<{ code: number; elapsed: number; log: string[]; exits: readonly number[] }> {
  const { host, run, logged, log } = createRig()
  const ended = run(logged('App'), { scope, flushMs })
  await settle()
  const begun = Date.now()
  host.emitter.emit('SIGTERM')
  let code: number | undefined
  void ended.then((it) => (code = it))
  for (let i = 0; i < 100 && code === undefined; i++) await vi.advanceTimersByTimeAsync(100)
  return { code: code ?? Number.NaN, elapsed: Date.now() - begun, log, exits: host.exits }
}

describe('the last flush', () => {
  it('is bounded by two seconds when the collector hangs, and fails nothing', async () => {
    const log: string[] = []
    const scope = createLoggedScope(log, { flush: hang })
    const { code, elapsed, exits } = await runToEnd(scope)
    expect([code, elapsed, log.includes('warn Cannot flush telemetry within 2000 ms: what is left is lost')]).toEqual([
      0,
      2000,
      true,
    ])
    // Its connections must not hold the process any longer
    expect(exits).toEqual([0])
  })

  it('has the process ended by force when it hangs, not when it ends, and never for a caller', async () => {
    expect((await runToEnd(createLoggedScope([]))).exits).toEqual([])
    const { host, run, logged } = createRig({ flush: hang })
    const caller = new AbortController()
    const ended = run(logged('App'), { signal: caller.signal })
    await settle()
    caller.abort()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([await ended, host.exits]).toEqual([0, []])
  })

  it('is bounded when the flush of the scope ignores its signal', async () => {
    const { code, elapsed } = await runToEnd({ ...createScope(), flush: hang }, 300)
    expect([code, elapsed]).toEqual([0, 300])
  })

  it('is given the end of its budget as a signal', async () => {
    let aborted: boolean | undefined
    const scope = createScope({
      exporters: [
        {
          flush: (signal) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                aborted = signal.aborted
                resolve()
              })
            }),
        },
      ],
    })
    const { elapsed } = await runToEnd(scope, 500)
    expect([aborted, elapsed]).toEqual([true, 500])
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('collector is down'))],
    [
      'throws',
      () => {
        throw new Error('collector is down')
      },
    ],
  ])('fails nothing when the flush of the scope %s', async (_, flush) => {
    const log: string[] = []
    const scope = { ...createLoggedScope(log), flush }
    expect((await runToEnd(scope)).code).toBe(0)
    expect(log).toContain('warn Cannot flush telemetry: collector is down')
  })

  it('fails nothing when an exception comes in the middle of it', async () => {
    const { host, run, logged, scope } = createRig({ flush: hang })
    const ended = run(logged('App'), { scope })
    await settle()
    host.emitter.emit('SIGTERM')
    await settle()
    host.emitter.emit('uncaughtException', new Error('socket hang up'), 'uncaughtException')
    await vi.advanceTimersByTimeAsync(2000)
    expect(await ended).toBe(0)
  })

  it('leaves no timer behind', async () => {
    const { host, run, logged } = createRig()
    const ended = run(logged('App'), { signal: new AbortController().signal })
    await settle()
    host.emitter.emit('SIGTERM')
    await ended
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the logger', () => {
  it('is flushed last, before the process may be ended', async () => {
    const { host, run, logged, log } = createRig()
    const flush = (done: () => void): void => {
      log.push('logger flush')
      done()
    }
    const scope = createLoggedScope(log, {}, { flush } as object)
    const ended = run(logged('App', { close: hang }), { scope, graceMs: 10 })
    await settle()
    host.emitter.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(111)
    await ended
    expect(facts(log).slice(-4)).toEqual(['flush', 'logger flush', 'exitCode 1', 'exit 1'])
  })

  it.each([
    ['hangs', () => {}, 2000],
    [
      'throws',
      () => {
        throw new Error('no')
      },
      100,
    ],
  ])('keeps no program from ending when its flush %s', async (_, flush, most) => {
    const { code, elapsed } = await runToEnd(createLoggedScope([], {}, { flush } as object))
    expect([code, elapsed <= most]).toEqual([0, true])
  })

  it('keeps no program from starting or ending when it throws', async () => {
    const throwing = (): never => {
      throw new Error('disk full')
    }
    const scope = createScope({ logger: { debug: throwing, info: throwing, warn: throwing, error: throwing } })
    const { code, log } = await runToEnd(scope)
    expect([code, facts(log)]).toEqual([0, ['start App', 'close App', 'exitCode 0']])
  })
})
