import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sleep } from '@svc/core'
import { createTicker, type Ticker } from './ticker.ts'

let begun = 0
const elapsed = (): number => Math.round((performance.now() - begun) * 1000) / 1000

/** Takes ticks until there are no more, and notes when; each is handled for `busyMs`. */
async function consume(ticker: Ticker, times: (number | string)[], busyMs = 0): Promise<void> {
  while (await ticker.next()) {
    times.push(elapsed())
    if (busyMs > 0) await sleep(busyMs)
  }
  times.push('end')
}

beforeEach(() => {
  vi.useFakeTimers()
  begun = performance.now()
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('next()', () => {
  it('resolves to false when the signal aborts, before or while it waits, and takes no tick away', async () => {
    const controller = new AbortController()
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    const log: unknown[] = []
    log.push(await ticker.next(AbortSignal.abort()), await ticker.next())
    void ticker.next(controller.signal).then((it) => log.push(it))
    await vi.advanceTimersByTimeAsync(50)
    controller.abort(new Error('enough'))
    await vi.advanceTimersByTimeAsync(50)
    log.push(await ticker.next(), elapsed())
    expect(log).toEqual([false, true, false, true, 100])
  })

  it('leaves the others waiting when one of them aborts', async () => {
    const controller = new AbortController()
    using ticker = createTicker({ periodMs: 100, initialMs: 100, jitter: 0 })
    const log: string[] = []
    const wait = (name: string, signal?: AbortSignal): void =>
      void ticker.next(signal).then((it) => log.push(`${name} ${it} ${elapsed()}`))
    wait('a', controller.signal)
    wait('b')
    await vi.advanceTimersByTimeAsync(50)
    controller.abort()
    await vi.advanceTimersByTimeAsync(50)
    expect(log).toEqual(['a false 50', 'b true 100'])
  })

  it('leaves no listener behind, whichever way it ends', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const ticker = createTicker({ periodMs: 100 })
    await ticker.next(signal)
    const stopped = ticker.next(signal)
    ticker.stop()
    await stopped
    await ticker.next(signal)
    expect(add.mock.calls).toHaveLength(2)
    expect(remove.mock.calls).toEqual(add.mock.calls)
  })

  it('has a timer only while somebody waits, and keeps the process alive only then', async () => {
    vi.useRealTimers()
    const armed = vi.spyOn(globalThis, 'setTimeout')
    const disarmed = vi.spyOn(globalThis, 'clearTimeout')
    const controller = new AbortController()
    using ticker = createTicker({ periodMs: 3_600_000 })
    await ticker.next()
    expect(armed).not.toHaveBeenCalled()
    const waiting = ticker.next(controller.signal)
    const timer = armed.mock.results[0]?.value as NodeJS.Timeout
    expect([armed.mock.calls.length, timer.hasRef(), disarmed.mock.calls]).toEqual([1, true, []])
    controller.abort()
    expect([await waiting, disarmed.mock.calls]).toEqual([false, [[timer]]])
  })

  it.each([null, 1, 'x', {}, new AbortController()])('refuses %o as a signal', async (signal) => {
    using ticker = createTicker({ periodMs: 100 })
    expect(() => ticker.next(signal as never)).toThrow(TypeError)
    expect(() => ticker.next(signal as never)).toThrow(/^Cannot use "signal": expected an AbortSignal, got /)
    expect(await ticker.next()).toBe(true)
  })
})

describe('reset()', () => {
  it('drops a pending tick, and begins a full period', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    await vi.advanceTimersByTimeAsync(30)
    ticker.reset()
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(250)
    expect(times).toEqual([130, 230])
  })

  it('drops the initial delay, also while somebody waits', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, initialMs: 1000, jitter: 0 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(30)
    ticker.reset()
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(120)
    expect(times).toEqual([130])
  })

  it('puts a tick off again and again', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, initialMs: 100, jitter: 0 })
    void consume(ticker, times)
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(99)
      ticker.reset()
    }
    await vi.advanceTimersByTimeAsync(100)
    expect(times).toEqual([1090])
  })

  it('jitters the period that it begins', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0.4 })
    ticker.reset()
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(60)
    expect(times).toEqual([60])
  })

  it('does nothing after a stop', async () => {
    const ticker = createTicker({ periodMs: 100 })
    ticker.stop()
    ticker.reset()
    expect([await ticker.next(), vi.getTimerCount()]).toEqual([false, 0])
  })
})

describe('stop()', () => {
  it('is for good, drops a pending tick, and may be called twice', async () => {
    const ticker = createTicker({ periodMs: 100 })
    await vi.advanceTimersByTimeAsync(500)
    ticker.stop()
    ticker.stop()
    await vi.advanceTimersByTimeAsync(500)
    expect([await ticker.next(), await ticker.next()]).toEqual([false, false])
  })

  it('ends the waiting of everyone, and leaves no timer', async () => {
    const ticker = createTicker({ periodMs: 100, initialMs: 100 })
    const waiting = [ticker.next(), ticker.next()]
    ticker.stop()
    expect([await Promise.all(waiting), vi.getTimerCount()]).toEqual([[false, false], 0])
  })

  it('is what disposing does', async () => {
    const times: (number | string)[] = []
    {
      using ticker = createTicker({ periodMs: 100, jitter: 0 })
      void consume(ticker, times)
      await vi.advanceTimersByTimeAsync(150)
    }
    await vi.advanceTimersByTimeAsync(500)
    expect(times).toEqual([0, 100, 'end'])
  })
})
