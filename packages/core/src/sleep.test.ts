import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sleep } from './sleep.ts'

describe('sleep()', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ExampleSleep: sleeps for a second', async () => {
    const log: string[] = []
    const slept = sleep(1000).then((whole) => log.push(whole ? 'Slept for 1s' : 'Interrupted'))
    await vi.advanceTimersByTimeAsync(999)
    log.push('after 999 ms')
    await vi.advanceTimersByTimeAsync(1)
    await slept
    expect(log).toEqual(['after 999 ms', 'Slept for 1s'])
  })

  it('is over at once, with false, when the signal has aborted before', async () => {
    const slept = sleep(1000, { signal: AbortSignal.abort(new Error('stop')) })
    expect([await slept, vi.getTimerCount()]).toEqual([false, 0])
  })

  it('is over with false when the signal aborts meanwhile, and never rejects', async () => {
    const controller = new AbortController()
    const slept = sleep(1000, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(500)
    controller.abort(new Error('stop'))
    expect([await slept, vi.getTimerCount()]).toEqual([false, 0])
  })

  it('stays true when the signal aborts after it', async () => {
    const controller = new AbortController()
    const slept = sleep(1000, { signal: controller.signal })
    vi.advanceTimersByTime(1000)
    controller.abort()
    expect(await slept).toBe(true)
  })

  it('leaves neither a timer nor a listener behind, whichever way it ends', async () => {
    const controller = new AbortController()
    const count = (): number => getEventListeners(controller.signal, 'abort').length
    const counts: number[] = []
    const first = sleep(10, { signal: controller.signal })
    counts.push(count())
    await vi.advanceTimersByTimeAsync(10)
    counts.push(count())
    const second = sleep(10, { signal: controller.signal })
    controller.abort()
    counts.push(count(), vi.getTimerCount())
    expect([await first, await second, counts]).toEqual([true, false, [1, 0, 0, 0]])
  })

  it('takes options without a signal, and a time of 0', async () => {
    const both = Promise.all([sleep(0), sleep(0, { signal: undefined })])
    await vi.advanceTimersByTimeAsync(1)
    expect(await both).toEqual([true, true])
  })
})
