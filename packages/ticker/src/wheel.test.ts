import { AsyncLocalStorage } from 'node:async_hooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as fc from 'fast-check'
import { createScope } from '@svc/core'
import { ChildScope } from '@svc/core/internal'
import { tick } from './fixtures/ticks.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('the wheel behind createScopedTicker()', () => {
  it.each([1, 99, 100, 101, 250, 300, 700, 1003])(
    'ticks at once, then each %i ms to the millisecond, alone',
    (periodMs) => {
      const { times, stop } = tick(createScope(), { periodMs, jitter: 0 })
      vi.advanceTimersByTime(10 * periodMs)
      stop()
      expect(times).toEqual(Array.from({ length: 11 }, (_, n) => n * periodMs))
    },
  )

  it('is never early, and late by less than a slot and a millisecond', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ periodMs: fc.integer({ min: 100, max: 2000 }), initialMs: fc.nat(1000) }), {
          minLength: 1,
          maxLength: 40,
        }),
        (all) => {
          const scope = createScope()
          const tickers = all.map((options) => tick(scope, { ...options, jitter: 0 }))
          vi.advanceTimersByTime(5000)
          for (const [i, { times, stop }] of tickers.entries()) {
            const { periodMs, initialMs } = all[i]!
            expect(times.length).toBeGreaterThan(0)
            for (const [n, at] of times.entries()) {
              const late = at - (initialMs + n * periodMs)
              expect(late).toBeGreaterThanOrEqual(0)
              expect(late).toBeLessThan(Math.min(8, periodMs / 64) + 1)
            }
            stop()
          }
          expect(vi.getTimerCount()).toBe(0)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('shares one timer among all scopes under a root, and none among roots', () => {
    const root = createScope()
    const other = createScope()
    const child = new ChildScope('Child', new ChildScope('Parent', root))
    const all = [root, child, new ChildScope('Second', root)].map((scope) => tick(scope, { periodMs: 1000 }))
    expect(vi.getTimerCount()).toBe(1)
    all.push(tick(other, { periodMs: 1000 }))
    expect(vi.getTimerCount()).toBe(2)
    for (const { stop } of all) stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('wakes up once a slot for thousands of tickers', () => {
    const scope = createScope()
    const all = Array.from({ length: 2000 }, () => tick(scope, { periodMs: 1000, initialMs: Math.random() * 1000 }))
    vi.advanceTimersByTime(2000)
    const armed = vi.spyOn(globalThis, 'setTimeout')
    vi.advanceTimersByTime(8000)
    for (const { times } of all) expect(times.length).toBeGreaterThan(8)
    expect(armed.mock.calls.length).toBeLessThanOrEqual(1 + 8000 / 8)
    for (const { stop } of all) stop()
  })

  it('does not add up lateness, of slots or of timers', () => {
    const punctual = globalThis.setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) =>
      punctual(fn, ms + 5)) as typeof setTimeout)
    const scope = createScope()
    const all = [0, 1, 2, 3].map((initialMs) => tick(scope, { periodMs: 1000, initialMs, jitter: 0 }))
    vi.advanceTimersByTime(1_000_020)
    expect(all.map(({ times }) => times.length)).toEqual([1001, 1001, 1001, 1001])
    for (const { times } of all) expect(times[1000]! - 1_000_000).toBeLessThan(16)
  })

  it('makes up for no missed tick after the event loop was blocked', () => {
    const punctual = globalThis.setTimeout
    let late = 2500
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) => {
      const timer = punctual(fn, ms + late)
      late = 0
      return timer
    }) as typeof setTimeout)
    const { times } = tick(createScope(), { periodMs: 1000, jitter: 0 })
    vi.advanceTimersByTime(6000)
    expect(times).toEqual([0, 3500, 4500, 5500])
  })

  it('has timers that do not keep the process alive', () => {
    vi.useRealTimers()
    const armed = vi.spyOn(globalThis, 'setTimeout')
    const scope = createScope()
    const all = [50, 1000].map((periodMs) => tick(scope, { periodMs }))
    expect(armed.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false, false])
    for (const { stop } of all) stop()
  })

  it('keeps its pace when only timers are faked, and the clock stands still', () => {
    vi.useRealTimers()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(performance, 'now').mockReturnValue(5)
    const scope = createScope()
    const all = [50, 100, 1000].map((periodMs) => tick(scope, { periodMs, jitter: 0 }))
    vi.advanceTimersByTime(3000)
    expect(all.map(({ times }) => times.length)).toEqual([61, 31, 4])
  })

  it('is not fooled by a timer that fires a little early', () => {
    // The clock lags behind the timers by less than a millisecond, as libuv's truncated one makes it look.
    const now = performance.now.bind(performance)
    const begun = now()
    vi.spyOn(performance, 'now').mockImplementation(() => now() - (now() > begun ? 0.9 : 0))
    const scope = createScope()
    const all = [50, 1000].map((periodMs) => tick(scope, { periodMs, jitter: 0 }))
    vi.advanceTimersByTime(2000)
    expect(all.map(({ times }) => times.length)).toEqual([41, 3])
  })

  it('works with a period over 2^31-1 ms', () => {
    const month = 30 * 24 * 3_600_000
    const { times } = tick(createScope(), { periodMs: month, jitter: 0 })
    vi.advanceTimersByTime(month - 1)
    expect(times).toEqual([0])
    vi.advanceTimersByTime(1)
    expect(times).toEqual([0, month])
  })

  it('takes a ticker into the stretch of time that another one has left', () => {
    const scope = createScope()
    const gone = tick(scope, { periodMs: 1000, initialMs: 1000 })
    const stays = tick(scope, { periodMs: 1000, initialMs: 3000, jitter: 0 })
    gone.stop()
    const came = tick(scope, { periodMs: 1000, initialMs: 1000, jitter: 0 })
    vi.advanceTimersByTime(3500)
    expect([gone.times, came.times, stays.times]).toEqual([[], [1000, 2000, 3000], [3000]])
  })

  it('does not let a wide slot that is put off hold up a narrow one', () => {
    const scope = createScope()
    // The first millisecond of a slot of 8 ms.
    const edge = 1000 + ((8 - ((performance.now() + 1000) % 8)) % 8)
    const [first, narrow, last] = [
      { periodMs: 1000, initialMs: edge },
      { periodMs: 100, initialMs: edge + 3 },
      { periodMs: 1000, initialMs: edge + 7 },
    ].map((options) => tick(scope, options))
    vi.advanceTimersByTime(edge + 10)
    expect([first?.times, narrow?.times, last?.times]).toEqual([[edge + 7], [edge + 3], [edge + 7]])
  })

  it('sets its timer in the async context of its root scope, whichever ticker asks for it', () => {
    const storage = new AsyncLocalStorage<string>()
    const scope = storage.run('root', () => createScope())
    const contexts: unknown[] = []
    const fake = globalThis.setTimeout
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) => {
      contexts.push(storage.getStore())
      return fake(fn, ms)
    }) as typeof setTimeout)
    for (const initialMs of [3000, 2000, 1000]) {
      storage.run(`${initialMs}`, () => tick(scope, { periodMs: 10_000, initialMs }))
    }
    vi.advanceTimersByTime(3000)
    expect([...new Set(contexts)]).toEqual(['root'])
  })
})
