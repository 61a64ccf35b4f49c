import { describe, expect, it, vi } from 'vitest'
import { parseRetryAfter, retryDelay } from './backoff.ts'

const backoff = { retryBaseMs: 1_000, retryMaxMs: 60_000 }

describe('retryDelay()', () => {
  it('is anything up to a limit that doubles with each attempt, and ends at the maximum', () => {
    const random = vi.spyOn(Math, 'random')
    const delays = (value: number): number[] => {
      random.mockReturnValue(value)
      return [1, 2, 3, 6, 7, 1_000].map((attempts) => retryDelay(attempts, undefined, backoff))
    }
    expect(delays(1)).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
    expect(delays(0.5)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000])
    expect(delays(0)).toEqual([0, 0, 0, 0, 0, 0])
    random.mockRestore()
  })

  it('is at least what the endpoint asks for, and at most the maximum', () => {
    expect(retryDelay(1, 20_000, backoff)).toBe(20_000)
    expect(retryDelay(1, 3_600_000, backoff)).toBe(60_000)
    expect(retryDelay(1, Infinity, backoff)).toBe(60_000)
  })
})

describe('parseRetryAfter()', () => {
  it('reads seconds and dates', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    const read = (value: string | undefined): number | undefined => parseRetryAfter(value, now)
    expect(['0', ' 120 ', 'Thu, 01 Jan 2026 00:01:30 GMT', 'Wed, 31 Dec 2025 23:00:00 GMT'].map(read)).toEqual([
      0, 120_000, 90_000, 0,
    ])
    expect([undefined, '', 'soon', '-1x'].map(read)).toEqual([undefined, undefined, undefined, undefined])
  })
})
