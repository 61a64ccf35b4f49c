import { afterEach, describe, expect, it, vi } from 'vitest'
import * as fc from 'fast-check'
import { applyJitter, DEFAULT_JITTER, spread } from './apply-jitter.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const duration = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true })
const jitter = fc.double({ min: 0, max: 1, noNaN: true })
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('applyJitter()', () => {
  it.each([
    ['0s', 0, 0, 0],
    ['1s', SECOND, 900, 1100],
    ['1m0s', MINUTE, 54 * SECOND, 66 * SECOND],
    ['24h0m0s', 24 * HOUR, 21.6 * HOUR, 26.4 * HOUR],
  ])('passes TestJitterPct/%s', (_, durationMs, from, to) => {
    for (let i = 0; i < 100; i++) {
      const got = applyJitter(durationMs, DEFAULT_JITTER)
      expect(got).toBeGreaterThanOrEqual(from)
      expect(got).toBeLessThanOrEqual(to)
    }
  })

  it('never leaves the range, whatever the duration, the jitter and the draw', () => {
    fc.assert(
      fc.property(duration, jitter, draw, (durationMs, by, at) => {
        const got = spread(durationMs, by, at)
        return Number.isFinite(got) && got >= durationMs * (1 - by) && got <= durationMs * (1 + by)
      }),
      {
        numRuns: 2000,
        examples: [
          [1000, 0.1, 1 - 2 ** -53],
          [Number.MAX_VALUE, 1, 1 - 2 ** -53],
          [Number.MIN_VALUE, 1, 0],
        ],
      },
    )
  })

  it('is exact without a jitter (Mended: Go strays by a nanosecond), and keeps 0', () => {
    fc.assert(
      fc.property(duration, jitter, draw, (durationMs, by, at) => {
        expect([spread(durationMs, 0, at), spread(0, by, at)]).toEqual([durationMs, 0])
      }),
    )
  })

  it('grows with the draw, and reaches both ends', () => {
    expect([0, 0.25, 0.5, 1].map((at) => spread(1000, 0.2, at))).toEqual([800, 900, 1000, 1200])
    expect([spread(1000, 1, 0), spread(1000, 1, 1)]).toEqual([0, 2000])
  })

  it('draws anew each time', () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5)
    expect([applyJitter(100, 0.1), applyJitter(100, 0.1)]).toEqual([90, 100])
  })

  it.each<[string, unknown, unknown, ErrorConstructor, string]>([
    ['no duration', undefined, 0, TypeError, 'Cannot use the duration: expected a number, got undefined'],
    ['a duration that is a string', '1', 0, TypeError, 'Cannot use the duration: expected a number, got "1"'],
    [
      'a negative duration',
      -1,
      0,
      RangeError,
      'Cannot use the duration: expected a finite number of milliseconds of 0 or more, got -1',
    ],
    [
      'an infinite duration',
      Infinity,
      0,
      RangeError,
      'Cannot use the duration: expected a finite number of milliseconds of 0 or more, got Infinity',
    ],
    [
      'a duration that is not a number',
      NaN,
      0,
      RangeError,
      'Cannot use the duration: expected a finite number of milliseconds of 0 or more, got NaN',
    ],
    ['no jitter', 1, undefined, TypeError, 'Cannot use the jitter: expected a number, got undefined'],
    ['a negative jitter', 1, -0.1, RangeError, 'Cannot use the jitter: expected a number from 0 to 1, got -0.1'],
    ['a jitter above 1', 1, 1.1, RangeError, 'Cannot use the jitter: expected a number from 0 to 1, got 1.1'],
    [
      'a jitter that is not a number',
      1,
      NaN,
      RangeError,
      'Cannot use the jitter: expected a number from 0 to 1, got NaN',
    ],
  ])('refuses %s', (_, durationMs, by, kind, message) => {
    expect(() => applyJitter(durationMs as number, by as number)).toThrow(new kind(message))
  })
})
