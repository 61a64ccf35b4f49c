import { isCancellation } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Level, LEVELS, type Subject } from './levels.ts'
import { codesOf, originalsOf, outcomeOf, pendingOf } from './outcome.ts'
import { aborted, countedSignal } from './world.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function expectNothingLeft(subject: Subject, listeners = 0): void {
  expect([subject.open(), vi.getTimerCount(), listeners]).toEqual([[], 0, 0])
  subject.scope.assertNothingLeaked()
}

async function givesUp(signal: AbortSignal): Promise<void> {
  await aborted(signal)
  throw signal.reason
}

/** What a step can do to fail. */
const FAILURES: readonly (readonly [string, (error: Error) => Promise<void>])[] = [
  [
    'throws',
    (error) => {
      throw error
    },
  ],
  ['rejects', (error) => Promise.reject(error)],
  [
    'rejects later',
    async (error) => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      throw error
    },
  ],
]

const each = (levels: readonly Level[], at: 'starts' | 'closes'): [string, string, Level][] =>
  levels.flatMap((level) => level[at].map((point): [string, string, Level] => [level.name, point, level]))
const HEARING = LEVELS.filter((level) => level.hears)
const TIMED = HEARING.filter((level) => level.name !== 'a multistart of three services')

describe('a start is a transaction', () => {
  describe.each(each(LEVELS, 'starts'))('%s, at %s', (_, point, level) => {
    it.each(FAILURES)('leaves nothing when the step %s, and throws the original', async (_how, fail) => {
      const { controller, listeners } = countedSignal()
      const subject = level.make((at) => (at === point ? fail(new Error('the original')) : undefined))
      expect(originalsOf(await outcomeOf(subject.start(controller.signal)))).toEqual(['the original'])
      expectNothingLeft(subject, listeners())
    })
  })

  it.each(each(LEVELS, 'starts'))('%s, at %s: puts the failures of the unwinding behind', async (_, point, level) => {
    const subject = level.make((at) => {
      if (at === point) throw new Error('the original')
      if (at.startsWith('close')) throw new Error(at)
    })
    const [first, ...rest] = originalsOf(await outcomeOf(subject.start()))
    expect([first, rest.toSorted()]).toEqual([
      'the original',
      subject.points.filter((at) => at.startsWith('close')).toSorted(),
    ])
    expectNothingLeft(subject)
  })

  it.each(each(HEARING, 'starts'))('%s, at %s: leaves nothing when it is aborted there', async (_, point, level) => {
    const { controller, listeners } = countedSignal()
    const subject = level.make((at) => {
      if (at === point) controller.abort(new Error('enough'))
    })
    expect(isCancellation(await outcomeOf(subject.start(controller.signal)), controller.signal)).toBe(true)
    expectNothingLeft(subject, listeners())
  })

  it.each(each(TIMED, 'starts'))('%s, at %s: leaves nothing when its deadline passes', async (_, point, level) => {
    const subject = level.make((at, signal) => (at === point ? givesUp(signal) : undefined), { startTimeoutMs: 100 })
    const error = await outcomeOf(subject.start())
    expect(codesOf(error)[0]).toBe('TIMEOUT')
    expect(pendingOf(error).map((it) => it.split('.').at(-1))).toContain(point.split(' ')[1])
    expectNothingLeft(subject)
  })

  it.each(HEARING)('$name: starts nothing with a signal that has aborted, and gives its reason back', async (level) => {
    const { controller, listeners } = countedSignal()
    controller.abort('a reason that is no error')
    const subject = level.make(() => {})
    expect([await outcomeOf(subject.start(controller.signal)), subject.points]).toEqual([
      'a reason that is no error',
      [],
    ])
    expectNothingLeft(subject, listeners())
  })

  it.each(HEARING)('$name: is not changed by a signal that aborts after it', async (level) => {
    const { controller, listeners } = countedSignal()
    const subject = level.make(() => {})
    expect(await outcomeOf(subject.start(controller.signal))).toBe('ok')
    expect(listeners()).toBe(0)
    controller.abort(new Error('too late'))
    await vi.advanceTimersByTimeAsync(10)
    expect(subject.open()).not.toEqual([])
    expect(await outcomeOf(subject.close())).toBe('ok')
    expectNothingLeft(subject)
  })
})

describe('a close runs every step, then throws all the failures', () => {
  it.each(LEVELS)('$name, whichever of them fail', async (level) => {
    const { closes } = level
    for (let subset = 0; subset < 2 ** Math.min(closes.length, 5); subset++) {
      const failing = closes.filter((_, i) => ((subset >> i) & 1) === 1)
      const subject = level.make((at) => {
        if (!failing.includes(at)) return undefined
        if (subset % 2 === 0) throw new Error(at)
        return Promise.reject(new Error(at))
      })
      await outcomeOf(subject.start())
      const error = await outcomeOf(subject.close())
      expect(error === 'ok' ? [] : originalsOf(error).toSorted()).toEqual(failing.toSorted())
      expect(subject.points.filter((at) => at.startsWith('close')).toSorted()).toEqual(closes.toSorted())
      expectNothingLeft(subject)
    }
  })
})

describe('deadlines flow down as signals', () => {
  it.each(each(HEARING, 'closes'))('%s, at %s: every step left is begun, none awaited', async (_, point, level) => {
    const { controller, listeners } = countedSignal()
    const told: string[] = []
    const subject = level.make((at, signal) => {
      if (!at.startsWith('close')) return undefined
      if (signal.aborted) told.push(at)
      else signal.addEventListener('abort', () => told.push(at))
      return at === point ? new Promise(() => {}) : undefined
    })
    await outcomeOf(subject.start())
    const closing = subject.close(controller.signal)
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('out of budget'))
    const error = await outcomeOf(closing)
    expect(codesOf(error)[0]).toBe('TIMEOUT')
    expect(pendingOf(error).map((it) => it.split('.').at(-1))).toContain(point.split(' ')[1])
    expect(subject.points.filter((at) => at.startsWith('close')).toSorted()).toEqual(level.closes.toSorted())
    expect(told).toContain(point)
    expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
  })

  it.each(each(TIMED, 'closes'))('%s, at %s: a time-out of its own does the same', async (_, point, level) => {
    const subject = level.make((at, signal) => (at === point ? aborted(signal) : undefined), { closeTimeoutMs: 100 })
    await outcomeOf(subject.start())
    const error = await outcomeOf(subject.close())
    expect(codesOf(error)[0]).toBe('TIMEOUT')
    expect(pendingOf(error).map((it) => it.split('.').at(-1))).toContain(point.split(' ')[1])
    expectNothingLeft(subject)
  })

  it.each(each(HEARING, 'starts'))('%s, at %s: end a start that a close waits for', async (_, point, level) => {
    const subject = level.make((at) => (at === point ? new Promise(() => {}) : undefined))
    const controller = new AbortController()
    const starting = subject.start()
    starting.catch(() => {})
    const closing = subject.close(controller.signal)
    await vi.advanceTimersByTimeAsync(10)
    controller.abort(new Error('out of budget'))
    const errors = await Promise.all([outcomeOf(closing), outcomeOf(starting)])
    expect(codesOf(errors[0])[0]).toBe('TIMEOUT')
    expect(codesOf(errors[1])[0]).toMatch(/TIMEOUT|START_FAILED/)
    expect(pendingOf(errors[0]).map((it) => it.split('.').at(-1))).toContain(point.split(' ')[1])
    // A start that was given no signal cannot be told: a MultiStart leaves it as it is.
    if (level.name !== 'a multistart of three services') expect(vi.getTimerCount()).toBe(0)
  })
})
