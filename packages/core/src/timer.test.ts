import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTimer } from './timer.ts'

const DAY = 24 * 60 * 60 * 1000

describe('startTimer()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('runs the function once, after the time', () => {
    const fn = vi.fn<() => void>()
    startTimer(100, fn)
    vi.advanceTimersByTime(99)
    const before = fn.mock.calls.length
    vi.advanceTimersByTime(DAY)
    expect([before, fn.mock.calls.length, vi.getTimerCount()]).toEqual([0, 1, 0])
  })

  it('waits longer than 2^31-1 ms, which a timer of Node.js fires at once', () => {
    const log: string[] = []
    startTimer(2 ** 31 - 1, () => log.push('longest'))
    startTimer(2 ** 31, () => log.push('one more'))
    startTimer(60 * DAY, () => log.push('60 days'))
    vi.advanceTimersByTime(2 ** 31 - 2)
    log.push('-')
    vi.advanceTimersByTime(1)
    log.push('-')
    vi.advanceTimersByTime(1)
    vi.advanceTimersByTime(60 * DAY - 2 ** 31 - 1)
    log.push('-')
    vi.advanceTimersByTime(1)
    expect([log, vi.getTimerCount()]).toEqual([['-', 'longest', '-', 'one more', '-', '60 days'], 0])
  })

  it('is not moved by somebody who sets the clock', () => {
    const fn = vi.fn<() => void>()
    startTimer(60 * DAY, fn)
    vi.setSystemTime(Date.now() + 365 * DAY)
    vi.advanceTimersByTime(59 * DAY)
    vi.setSystemTime(0)
    const before = fn.mock.calls.length
    vi.advanceTimersByTime(DAY)
    expect([before, fn.mock.calls.length]).toEqual([0, 1])
  })

  it('is cancelled before it fires and between two timers, twice if you like', () => {
    const fn = vi.fn<() => void>()
    const cancels = [startTimer(1, fn), startTimer(60 * DAY, fn)]
    cancels[0]?.()
    vi.advanceTimersByTime(30 * DAY)
    cancels[1]?.()
    cancels[1]?.()
    vi.advanceTimersByTime(60 * DAY)
    expect([fn.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('looks up setTimeout when it is called', () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    startTimer(5, () => {})()
    expect(set.mock.calls.map(([, ms]) => ms)).toEqual([5])
    set.mockRestore()
  })

  it('holds the process, or lets it end', () => {
    vi.useRealTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    const cancels = [startTimer(1000, () => {}), startTimer(1000, () => {}, false)]
    const refs = set.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())
    for (const cancel of cancels) cancel()
    set.mockRestore()
    expect(refs).toEqual([true, false])
  })
})
