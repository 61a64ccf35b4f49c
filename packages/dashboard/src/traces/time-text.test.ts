import { describe, expect, it } from 'vitest'
import { axisMarks, durationText, isoText, momentText } from './time-text.ts'

describe('durationText()', () => {
  it('takes the unit that suits', () => {
    const durations = [0, 0.01, 0.4, 9.94, 9.96, 999, 999.6, 1234, 59_940, 59_960, 125_000, 3_599_400, 3_599_600]
    expect(durations.map(durationText)).toEqual([
      '0 ms',
      '10 µs',
      '0.4 ms',
      '9.9 ms',
      '10 ms',
      '999 ms',
      '1 s',
      '1.23 s',
      '59.9 s',
      '1 min',
      '2 min 5 s',
      '59 min 59 s',
      '1 h',
    ])
    expect([11_520_000, 86_400_000, 187_200_000].map(durationText)).toEqual(['3 h 12 min', '1 d', '2 d 4 h'])
  })
})

describe('momentText()', () => {
  it('says which zone it means, and takes any number', () => {
    expect(momentText(1_700_000_000_123.4)).toBe('2023-11-14 22:13:20.123 UTC')
    expect(isoText(Number.NaN)).toBe('1970-01-01T00:00:00.000Z')
  })
})

describe('axisMarks()', () => {
  it('makes a few round steps, from microseconds to days', () => {
    for (const total of [1e-3, 0.3, 1, 7, 42, 999, 1400, 47_000, 180_000, 7.2e6, 9e7, 3e9]) {
      const marks = axisMarks(total)
      expect(marks.length, `${total}`).toBeGreaterThanOrEqual(2)
      expect(marks.length, `${total}`).toBeLessThanOrEqual(6)
      expect(marks[0]).toBe(0)
      expect(marks.at(-1)).toBeLessThanOrEqual(total)
    }
    expect(axisMarks(1400)).toEqual([0, 500, 1000])
    expect(axisMarks(180_000)).toEqual([0, 60_000, 120_000, 180_000])
  })
})
