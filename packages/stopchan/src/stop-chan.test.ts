import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isServiceError } from '@svc/core'
import { createStopChan } from './stop-chan.ts'
import type { StopContext } from './stop-node.ts'

const DAY = 24 * 60 * 60 * 1000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Logs the abort of each context under its name. */
function listen(log: string[], contexts: Readonly<Record<string, { readonly signal: AbortSignal }>>): void {
  for (const [name, { signal }] of Object.entries(contexts)) {
    signal.addEventListener('abort', () => log.push(`${name}: ${String(signal.reason)}`))
  }
}

describe('createStopChan()', () => {
  it('is open, and closes with the reason given', () => {
    const stop = createStopChan()
    const { signal } = stop
    expect(signal.aborted).toBe(false)
    stop.close('why')
    expect([signal === stop.signal, signal.aborted, signal.reason]).toEqual([true, true, 'why'])
  })

  it('has one reason for all who give none, which is an AbortError', () => {
    const stops = [createStopChan(), createStopChan()]
    for (const stop of stops) stop.close()
    const [first, second] = stops.map((stop) => stop.signal.reason as DOMException)
    expect([first?.name, first?.message, first === second]).toEqual(['AbortError', 'This was stopped', true])
  })

  it.each([null, 0, '', false, { code: 1 }])('passes %s on as a reason, untouched', (reason) => {
    const stop = createStopChan()
    const early = stop.child()
    const { signal } = early
    stop.close(reason)
    expect([signal.reason, stop.signal.reason, stop.child().signal.reason]).toEqual([reason, reason, reason])
  })

  it('TS: closing twice is harmless', () => {
    const log: string[] = []
    const stop = createStopChan()
    listen(log, { chan: stop, child: stop.child() })
    stop.close('first')
    stop.close('second')
    expect([log, stop.signal.reason]).toEqual([['chan: first', 'child: first'], 'first'])
  })

  it('aborts its own signal, then the children in order of birth', () => {
    const log: string[] = []
    const stop = createStopChan()
    const a = stop.child()
    void a.signal
    const b = stop.child({ timeoutMs: 1000 })
    const c = stop.child({ signal: new AbortController().signal })
    const d = stop.child()
    listen(log, { d, c, b, a, chan: stop })
    stop.close('x')
    expect(log).toEqual(['chan: x', 'a: x', 'b: x', 'c: x', 'd: x'])
  })

  it('is stopped, whoever asks, before any listener runs', () => {
    const log: string[] = []
    const stop = createStopChan()
    const [elder, younger] = [stop.child(), stop.child()]
    void younger.signal
    elder.signal.addEventListener('abort', () => {
      log.push(`chan ${stop.signal.aborted}, new child ${stop.child().signal.aborted}`)
      younger.cancel('too late')
      log.push(`younger: ${String(younger.signal.reason)}`)
    })
    void stop.signal
    stop.close('x')
    expect(log).toEqual(['chan true, new child true', 'younger: x'])
  })

  it('loses no abort when a listener ends siblings', () => {
    const log: string[] = []
    const stop = createStopChan()
    const children = Array.from({ length: 6 }, () => stop.child())
    children.forEach((child, i) => {
      child.signal.addEventListener('abort', () => {
        log.push(`${i}`)
        // The next one, an earlier one and the last one
        for (const j of [i + 1, i - 1, 5]) children[j]?.cancel('sibling')
      })
    })
    stop.close('x')
    expect([log, children.map(({ signal }) => signal.reason as string)]).toEqual([
      ['0', '1', '2', '3', '4', '5'].toSorted((a, b) => log.indexOf(a) - log.indexOf(b)),
      Array(6).fill('x'),
    ])
    expect(log).toHaveLength(6)
  })

  it('gives a listener that makes children while it stops children that have ended', () => {
    const stop = createStopChan()
    const made: StopContext[] = []
    stop.child().signal.addEventListener('abort', () => {
      made.push(stop.child(), stop.child({ timeoutMs: 1000, signal: new AbortController().signal }))
    })
    stop.close('x')
    expect([made.map(({ signal }) => signal.reason as string), vi.getTimerCount()]).toEqual([['x', 'x'], 0])
  })

  it('leaves no timer behind', () => {
    const stop = createStopChan()
    for (let i = 0; i < 10; i++) stop.child({ timeoutMs: 1000 + i })
    const before = vi.getTimerCount()
    stop.close()
    expect([before, vi.getTimerCount()]).toEqual([10, 0])
  })

  it('closes while it closes, once', () => {
    const log: string[] = []
    const stop = createStopChan()
    const [a, b] = [stop.child(), stop.child()]
    a.signal.addEventListener('abort', () => {
      stop.close('again')
    })
    listen(log, { a, b })
    stop.close('x')
    expect(log).toEqual(['a: x', 'b: x'])
  })
})

describe('child()', () => {
  it('ends when the chan closes, whether its signal was read before or is read after', () => {
    const stop = createStopChan()
    const [early, late] = [stop.child(), stop.child()]
    const { signal } = early
    stop.close('x')
    expect([signal.aborted, signal.reason, late.signal.aborted, late.signal.reason]).toEqual([true, 'x', true, 'x'])
  })

  it('has ended already when the chan is closed', () => {
    const stop = createStopChan()
    stop.close('x')
    const made = [
      stop.child(),
      stop.child({}),
      stop.child({ timeoutMs: 0 }),
      stop.child({ signal: AbortSignal.abort('y') }),
      stop.child({ signal: undefined, timeoutMs: undefined }),
    ]
    expect([made.map(({ signal }) => signal.reason as string), vi.getTimerCount()]).toEqual([Array(5).fill('x'), 0])
  })

  it('has one signal, however often it is read', () => {
    const child = createStopChan().child()
    expect(child.signal).toBe(child.signal)
  })

  it('ends by itself, and leaves the chan and its siblings alone', () => {
    const log: string[] = []
    const stop = createStopChan()
    const [a, b] = [stop.child(), stop.child()]
    listen(log, { a, b, chan: stop })
    a.cancel('enough')
    a.cancel('again')
    log.push('-')
    stop.close('x')
    expect(log).toEqual(['a: enough', '-', 'chan: x', 'b: x'])
  })

  it('Mended: what is left behind by an ended child hears of its end', () => {
    const stop = createStopChan()
    const ends: ((child: StopContext) => void)[] = [
      (child) => {
        using _ = child
      },
      (child) => {
        child.cancel()
      },
      (child) => {
        child[Symbol.dispose]()
      },
    ]
    const reasons = ends.map((end) => {
      const child = stop.child()
      const { signal } = child
      end(child)
      return signal.aborted ? (signal.reason as Error) : undefined
    })
    expect(reasons.map((reason) => reason?.message)).toEqual(Array(3).fill('This context has ended'))
    expect(new Set(reasons).size).toBe(1)
  })

  it('is ended when its block is left, by a throw too', () => {
    const stop = createStopChan()
    const signals: AbortSignal[] = []
    expect(() => {
      using child = stop.child()
      signals.push(child.signal)
      throw new Error('inside')
    }).toThrow('inside')
    expect(signals.map((signal) => signal.aborted)).toEqual([true])
  })

  it('aborts when its signal is first read after its end', () => {
    const child = createStopChan().child()
    child.cancel('early')
    expect([child.signal.aborted, child.signal.reason]).toEqual([true, 'early'])
  })

  it('times out with a reason that can be told apart', () => {
    const stop = createStopChan()
    const child = stop.child({ timeoutMs: 5000 })
    const { signal } = child
    vi.advanceTimersByTime(4999)
    const before = signal.aborted
    vi.advanceTimersByTime(1)
    const reason: unknown = signal.reason
    expect([before, signal.aborted, isServiceError(reason, 'TIMEOUT'), stop.signal.aborted]).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect((reason as Error).message).toBe('Cannot go on: the time-out of 5000 ms has passed')
  })

  it('times out unread as well, and when its time is 0', () => {
    const stop = createStopChan()
    const children = [stop.child({ timeoutMs: 10 }), stop.child({ timeoutMs: 0 })]
    vi.advanceTimersByTime(10)
    expect(children.map(({ signal }) => isServiceError(signal.reason, 'TIMEOUT'))).toEqual([true, true])
  })

  it('TS: a time-out over 2^31-1 ms works', () => {
    const child = createStopChan().child({ timeoutMs: 30 * DAY })
    const { signal } = child
    vi.advanceTimersByTime(30 * DAY - 1)
    const before = signal.aborted
    vi.advanceTimersByTime(1)
    expect([before, signal.aborted]).toEqual([false, true])
  })

  it('lets go of its timer when it ends', () => {
    const stop = createStopChan()
    stop.child({ timeoutMs: 30 * DAY }).cancel()
    const child = stop.child({ timeoutMs: 1000 })
    void child.signal
    child[Symbol.dispose]()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not keep the process alive by its time-out', () => {
    vi.useRealTimers()
    const set = vi.spyOn(globalThis, 'setTimeout')
    using _ = createStopChan().child({ timeoutMs: 1000 })
    const [timer] = set.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())
    set.mockRestore()
    expect(timer).toBe(false)
  })
})

describe('the reason of a child', () => {
  const kinds = ['chan', 'foreign', 'timeout', 'cancel', 'dispose'] as const
  type Kind = (typeof kinds)[number]
  const cases = kinds.flatMap((first) =>
    kinds.flatMap((second) => [true, false].map((early) => ({ first, second, early }))),
  )

  it.each(cases)('is that of $first, before $second, read early: $early', ({ first, second, early }) => {
    const stop = createStopChan()
    const foreign = new AbortController()
    const child = stop.child({ signal: foreign.signal, timeoutMs: 1000 })
    if (early) void child.signal
    const happen: Readonly<Record<Kind, () => void>> = {
      chan: () => {
        stop.close('chan')
      },
      foreign: () => {
        foreign.abort('foreign')
      },
      timeout: () => {
        vi.advanceTimersByTime(1000)
      },
      cancel: () => {
        child.cancel('cancel')
      },
      dispose: () => {
        child[Symbol.dispose]()
      },
    }
    happen[first]()
    happen[second]()
    const { signal } = child
    const reason: unknown = signal.reason
    const shown = isServiceError(reason, 'TIMEOUT') ? 'timeout' : reason instanceof DOMException ? 'dispose' : reason
    expect([signal.aborted, shown, vi.getTimerCount()]).toEqual([true, first, 0])
  })
})

describe('bind()', () => {
  it('gives the controller back unmodified, and aborts it when the chan closes', () => {
    const stop = createStopChan()
    const controller = new AbortController()
    const { signal } = controller
    expect([stop.bind(controller) === controller, signal.aborted, Reflect.ownKeys(controller).length]).toEqual([
      true,
      false,
      Reflect.ownKeys(new AbortController()).length,
    ])
    stop.close('x')
    expect([signal.aborted, signal.reason]).toEqual([true, 'x'])
  })

  it('aborts it at once when the chan is closed', () => {
    const stop = createStopChan()
    stop.close('x')
    expect(stop.bind(new AbortController()).signal.reason).toBe('x')
  })

  it('leaves one alone that was aborted before, and lets go of one that is aborted meanwhile', () => {
    const stop = createStopChan()
    const before = new AbortController()
    const meanwhile = new AbortController()
    before.abort('own')
    for (const controller of [before, meanwhile]) stop.bind(controller)
    meanwhile.abort('own too')
    stop.close('x')
    expect([before.signal.reason, meanwhile.signal.reason]).toEqual(['own', 'own too'])
  })

  it('is among the children, in order of birth', () => {
    const log: string[] = []
    const stop = createStopChan()
    const a = stop.child()
    void a.signal
    const b = stop.bind(new AbortController())
    const c = stop.child()
    listen(log, { c, b, a })
    stop.close('x')
    expect(log).toEqual(['a: x', 'b: x', 'c: x'])
  })

  it('loses no abort of those behind it when its abort throws, which the process hears of', () => {
    const thrown: unknown[] = []
    const queue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
      try {
        callback()
      } catch (error) {
        thrown.push(error)
      }
    })
    class Throwing extends AbortController {
      override abort(): void {
        throw new Error('on fire')
      }
    }
    const stop = createStopChan()
    stop.bind(new Throwing())
    const { signal } = stop.child()
    stop.close('x')
    queue.mockRestore()
    expect([signal.reason, thrown]).toEqual(['x', [new Error('on fire')]])
  })
})
