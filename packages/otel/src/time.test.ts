import { describe, expect, it } from 'vitest'
import { toHrTime } from './time.ts'

describe('toHrTime()', () => {
  it('keeps the fraction of a millisecond', () => {
    expect(toHrTime(1_700_000_000_123.25)).toEqual([1_700_000_000, 123_250_000])
    expect(toHrTime(1_700_000_000_000)).toEqual([1_700_000_000, 0])
    expect(toHrTime(1_763_913_600_999.999_8)).toEqual([1_763_913_600, 999_999_756])
    expect(toHrTime(0)).toEqual([0, 0])
  })

  it('carries what rounds up to a second', () => {
    expect(toHrTime(999.999_999_9)).toEqual([1, 0])
    expect(toHrTime(1999.999_999_999_999_8)).toEqual([2, 0])
  })

  it('gives back every time that the clock can show, in order', () => {
    const wrong: number[] = []
    let before = 0
    for (let i = 0; i < 10_000; i++) {
      const ms = 1_763_913_600_000 + i * 0.997_3
      const [seconds, nanos] = toHrTime(ms)
      const isRight = Math.abs(seconds * 1000 + nanos / 1e6 - ms) < 0.001 && nanos >= 0 && nanos < 1e9
      const at = (seconds - 1_763_913_600) * 1e9 + nanos
      if (!isRight || at < before) wrong.push(ms)
      before = at
    }
    expect(wrong).toEqual([])
  })
})
