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

describe('createTicker()', () => {
  it('ticks at once, then after each period', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 1000, jitter: 0 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(3999)
    expect(times).toEqual([0, 1000, 2000, 3000])
  })

  it('waits initialMs before the first tick, which are not jittered', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 1000, initialMs: 70, jitter: 0.5 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(1500)
    expect(times).toEqual([70, 570, 1070])
  })

  it('jitters each period anew, by 10 % when nothing else is said', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValue(0.75)
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 1000 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(3000)
    expect(times).toEqual([0, 900, 1900, 2950])
  })

  it('serves a handler of 250 ms with a period of 100 ms at 0, 250 and 500', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    void consume(ticker, times, 250)
    await vi.advanceTimersByTimeAsync(749)
    expect(times).toEqual([0, 250, 500])
  })

  it('runs a period beside the handler', async () => {
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    void consume(ticker, times, 40)
    await vi.advanceTimersByTimeAsync(350)
    expect(times).toEqual([0, 100, 200, 300])
  })

  it('keeps exactly one pending tick, and starts the next period when that is taken', async () => {
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    const times: number[] = []
    await vi.advanceTimersByTimeAsync(1030)
    for (let i = 0; i < 2; i++) void ticker.next().then(() => times.push(elapsed()))
    await vi.advanceTimersByTimeAsync(500)
    expect(times).toEqual([1030, 1130])
  })

  it('gives calls at once a tick each, in the order of the calls', async () => {
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    const log: string[] = []
    const wait = (name: string): void => void ticker.next().then((it) => log.push(`${name} ${it} ${elapsed()}`))
    wait('a')
    wait('b')
    wait('c')
    await vi.advanceTimersByTimeAsync(100)
    wait('d')
    await vi.advanceTimersByTimeAsync(1000)
    expect(log).toEqual(['a true 0', 'b true 100', 'c true 200', 'd true 300'])
  })

  it('works with a period over 2^31-1 ms, which a Node timer cannot hold', async () => {
    const month = 30 * 24 * 3_600_000
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: month, jitter: 0 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(month - 1)
    expect(times).toEqual([0])
    await vi.advanceTimersByTimeAsync(1)
    expect(times).toEqual([0, month])
  })

  it('takes the widest options there are', async () => {
    using ticker = createTicker({ periodMs: Number.MAX_VALUE, initialMs: 0, jitter: 1 })
    expect(await ticker.next()).toBe(true)
    void ticker.next()
    expect(vi.getTimerCount()).toBe(1)
  })

  it('does not spin when a jitter of 1 draws no time at all, or the period is tiny', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    for (const options of [
      { periodMs: 1000, jitter: 1 },
      { periodMs: Number.MIN_VALUE, jitter: 0 },
    ]) {
      begun = performance.now()
      const times: (number | string)[] = []
      using ticker = createTicker(options)
      void consume(ticker, times)
      await vi.advanceTimersByTimeAsync(3)
      expect(times).toEqual([0, 1, 2, 3])
    }
  })

  it('does not add up the lateness of timers', async () => {
    const punctual = globalThis.setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) =>
      punctual(fn, ms + 7)) as typeof setTimeout)
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(450)
    expect(times).toEqual([0, 107, 207, 307, 407])
  })

  it('makes up for no missed tick after the event loop was blocked', async () => {
    const punctual = globalThis.setTimeout
    let late = 520
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) => {
      const timer = punctual(fn, ms + late)
      late = 0
      return timer
    }) as typeof setTimeout)
    const times: (number | string)[] = []
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    void consume(ticker, times)
    await vi.advanceTimersByTimeAsync(850)
    expect(times).toEqual([0, 620, 720, 820])
  })

  it('keeps its pace when only timers are faked, and the clock stands still', async () => {
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(performance, 'now').mockReturnValue(5)
    let count = 0
    using ticker = createTicker({ periodMs: 100, jitter: 0 })
    void (async () => {
      while (await ticker.next()) count++
    })()
    await vi.advanceTimersByTimeAsync(1000)
    expect(count).toBe(11)
  })
})

describe('bad input of createTicker()', () => {
  const above0 = 'expected a finite number of milliseconds above 0'
  const from0 = 'expected a finite number of milliseconds of 0 or more'
  it.each<[string, unknown, ErrorConstructor, string]>([
    ['no options', undefined, TypeError, 'Cannot use the options: expected an object, got undefined'],
    ['a bare period', 100, TypeError, 'Cannot use the options: expected an object, got 100'],
    ['no period', {}, TypeError, 'Cannot use option "periodMs": expected a number, got undefined'],
    [
      'a string for a period',
      { periodMs: '1s' },
      TypeError,
      'Cannot use option "periodMs": expected a number, got "1s"',
    ],
    ['a period of 0 (Mended: Go spins)', { periodMs: 0 }, RangeError, `Cannot use option "periodMs": ${above0}, got 0`],
    [
      'a negative period (Mended: Go spins)',
      { periodMs: -1 },
      RangeError,
      `Cannot use option "periodMs": ${above0}, got -1`,
    ],
    ['NaN for a period', { periodMs: NaN }, RangeError, `Cannot use option "periodMs": ${above0}, got NaN`],
    ['an infinite period', { periodMs: Infinity }, RangeError, `Cannot use option "periodMs": ${above0}, got Infinity`],
    [
      'a negative initial delay',
      { periodMs: 1, initialMs: -1 },
      RangeError,
      `Cannot use option "initialMs": ${from0}, got -1`,
    ],
    [
      'null for an initial delay',
      { periodMs: 1, initialMs: null },
      TypeError,
      'Cannot use option "initialMs": expected a number, got null',
    ],
    [
      'an infinite initial delay',
      { periodMs: 1, initialMs: Infinity },
      RangeError,
      `Cannot use option "initialMs": ${from0}, got Infinity`,
    ],
    [
      'a jitter above 1',
      { periodMs: 1, jitter: 10 },
      RangeError,
      'Cannot use option "jitter": expected a number from 0 to 1, got 10',
    ],
    [
      'a negative jitter',
      { periodMs: 1, jitter: -0.1 },
      RangeError,
      'Cannot use option "jitter": expected a number from 0 to 1, got -0.1',
    ],
    [
      'NaN for a jitter',
      { periodMs: 1, jitter: NaN },
      RangeError,
      'Cannot use option "jitter": expected a number from 0 to 1, got NaN',
    ],
    [
      'a string for a jitter',
      { periodMs: 1, jitter: '10%' },
      TypeError,
      'Cannot use option "jitter": expected a number, got "10%"',
    ],
  ])('refuses %s', (_, options, kind, message) => {
    expect(() => createTicker(options as never)).toThrow(new kind(message))
  })
})
