import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createScope } from '@svc/core'
import { stopwatch, tick } from './fixtures/ticks.ts'
import { createScopedTicker, type TickSource } from './tick-source.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('the tick source of createScopedTicker()', () => {
  it.each([50, 1000])('keeps one tick pending while the handler is busy, with a period of %i ms', (periodMs) => {
    const times: number[] = []
    const elapsed = stopwatch()
    const source = createScopedTicker(
      createScope(),
      { periodMs, jitter: 0 },
      { onTick: () => void times.push(elapsed()) },
    )
    vi.advanceTimersByTime(3 * periodMs)
    expect(times).toEqual([])
    source.ready()
    expect([times, vi.getTimerCount()]).toEqual([[3 * periodMs], 0])
    vi.advanceTimersByTime(periodMs / 2)
    source.ready()
    source.ready()
    vi.advanceTimersByTime(4 * periodMs)
    source.ready()
    expect(times).toEqual([3 * periodMs, 4 * periodMs, 7.5 * periodMs])
  })

  it.each([50, 1000])('says when a tick of a period of %i ms was due, also one that comes late', (periodMs) => {
    const due: (number | undefined)[] = []
    const begun = performance.now()
    const source = createScopedTicker(createScope(), { periodMs, jitter: 0 }, { onTick: (at) => void due.push(at) })
    source.ready()
    vi.advanceTimersByTime(2.5 * periodMs)
    source.ready()
    source.ready()
    vi.advanceTimersByTime(periodMs)
    expect(due.map((at) => Number(at) - begun)).toEqual([0, periodMs, 3.5 * periodMs])
  })

  it('does not deliver an overdue tick to a handler that is still on the stack', () => {
    for (const periodMs of [10, 200]) {
      vi.useRealTimers()
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      let clock = 0
      vi.spyOn(performance, 'now').mockImplementation(() => clock)
      const log: string[] = []
      const source: TickSource = createScopedTicker(
        createScope(),
        { periodMs, jitter: 0 },
        {
          onTick: () => {
            log.push('begin')
            clock += 10 * periodMs
            source.ready()
            log.push('end')
          },
        },
      )
      source.ready()
      expect(log).toEqual(['begin', 'end'])
      vi.advanceTimersByTime(1)
      expect(log).toEqual(['begin', 'end', 'begin', 'end'])
      source.stop()
      vi.restoreAllMocks()
    }
  })

  it('stops for good, in any state, and leaves the others of its slot alone', () => {
    const scope = createScope()
    const log: string[] = []
    const sources = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      createScopedTicker(
        scope,
        { periodMs: 1000, initialMs: 1000, jitter: 0 },
        {
          onTick: () => {
            log.push(name)
            if (name === 'b') sources[3]!.stop()
            if (name === 'c') sources[2]!.stop()
            sources[0]!.ready()
          },
        },
      ),
    )
    for (const source of sources) source.ready()
    sources[4]!.stop()
    sources[4]!.stop()
    sources[4]!.ready()
    vi.advanceTimersByTime(1500)
    sources[2]!.ready()
    sources[3]!.ready()
    vi.advanceTimersByTime(1500)
    expect([log, vi.getTimerCount()]).toEqual([['a', 'b', 'c', 'a', 'a'], 1])
    sources[0]!.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('serves the others after a taker that throws', () => {
    const scope = createScope()
    const thrower = createScopedTicker(
      scope,
      { periodMs: 1000, initialMs: 1000 },
      {
        onTick: () => {
          throw new Error('not allowed, but')
        },
      },
    )
    thrower.ready()
    const { times } = tick(scope, { periodMs: 1000, initialMs: 1001, jitter: 0 })
    expect(() => vi.advanceTimersByTime(1100)).toThrow('not allowed, but')
    vi.advanceTimersByTime(1000)
    expect(times).toEqual([1002, 2001])
  })
})

describe('bad input of createScopedTicker()', () => {
  const scope = createScope()
  const taker = { onTick: () => {} }
  const cases: readonly (readonly [string, () => unknown, ErrorConstructor, string])[] = [
    [
      'no scope',
      () => createScopedTicker(undefined as never, { periodMs: 1 }, taker),
      TypeError,
      'Cannot use the scope: expected a scope (of createScope, or an engine), got undefined',
    ],
    [
      'no options',
      () => createScopedTicker(scope, undefined as never, taker),
      TypeError,
      'Cannot use the options: expected an object, got undefined',
    ],
    [
      'a period of 0',
      () => createScopedTicker(scope, { periodMs: 0 }, taker),
      RangeError,
      'Cannot use option "periodMs": expected a finite number of milliseconds above 0, got 0',
    ],
    [
      'no taker',
      () => createScopedTicker(scope, { periodMs: 1 }, undefined as never),
      TypeError,
      'Cannot use the taker: expected an object, got undefined',
    ],
    [
      'a taker that takes nothing',
      () => createScopedTicker(scope, { periodMs: 1 }, {} as never),
      TypeError,
      'Cannot use the method "onTick" of the taker: expected a function, got undefined',
    ],
  ]
  it.each(cases)('refuses %s', (_, call, kind, message) => {
    expect(call).toThrow(new kind(message))
  })
})
