import { afterEach, describe, expect, it, vi } from 'vitest'
import { countedSignal, listenersOf } from './fixtures/listeners.ts'
import { createStopChan } from './stop-chan.ts'
import { type StopView, stopView } from './stop-view.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('stopView()', () => {
  it('gives the signal itself, and no close', () => {
    const { signal } = new AbortController()
    const view = stopView(signal)
    expect([view.signal === signal, 'close' in view]).toEqual([true, false])
  })

  it('makes the same children: they end with the signal, in order of birth', () => {
    const log: string[] = []
    const controller = new AbortController()
    const view = stopView(controller.signal)
    for (const name of ['a', 'b', 'c']) {
      const { signal } = view.child()
      signal.addEventListener('abort', () => log.push(`${name}: ${String(signal.reason)}`))
    }
    const late = view.child()
    const bound = view.bind(new AbortController())
    controller.abort('x')
    expect([log, late.signal.reason, bound.signal.reason]).toEqual([['a: x', 'b: x', 'c: x'], 'x', 'x'])
  })

  it('makes children that end by themselves, by another signal, or after a time', () => {
    vi.useFakeTimers()
    const { signal } = new AbortController()
    const other = new AbortController()
    const view = stopView(signal)
    const children = [view.child(), view.child({ signal: other.signal }), view.child({ timeoutMs: 1000 })]
    children[0]?.cancel('own')
    other.abort('other')
    vi.advanceTimersByTime(1000)
    expect(children.map((child) => String(child.signal.reason))).toEqual([
      'own',
      'other',
      'ServiceError: Cannot go on: the time-out of 1000 ms has passed',
    ])
    expect([signal.aborted, listenersOf(signal), listenersOf(other.signal), vi.getTimerCount()]).toEqual([
      false,
      0,
      0,
      0,
    ])
  })

  it('makes children that have ended when the signal has', () => {
    const view = stopView(AbortSignal.abort('x'))
    const other = new AbortController()
    const made = [view.child(), view.child({ signal: other.signal, timeoutMs: 10 }), view.bind(new AbortController())]
    expect([made.map(({ signal }) => signal.reason as string), listenersOf(other.signal)]).toEqual([['x', 'x', 'x'], 0])
  })

  it('can be made of the signal of a chan, and of a child', () => {
    const stop = createStopChan()
    const child = stopView(stopView(stop.signal).child().signal).child()
    const { signal } = child
    stop.close('x')
    expect(signal.reason).toBe('x')
  })

  it('puts one listener on the signal while children live, and none otherwise', () => {
    const { signal, controller } = countedSignal()
    const view = stopView(signal)
    const counts = [listenersOf(signal)]
    const children = Array.from({ length: 100 }, () => view.child())
    for (const child of children) void child.signal
    counts.push(listenersOf(signal))
    for (const child of children) child.cancel()
    counts.push(listenersOf(signal))
    void view.child().signal
    view.bind(new AbortController())
    counts.push(listenersOf(signal))
    controller.abort()
    counts.push(listenersOf(signal))
    expect(counts).toEqual([0, 1, 0, 1, 0])
  })

  it('keeps the listener for the children that are left when one ends', () => {
    const [own, other] = [new AbortController(), new AbortController()]
    const views = [stopView(own.signal), stopView(new AbortController().signal), createStopChan()]
    const reasons = views.map((view, i) => {
      const options = i === 0 ? undefined : { signal: other.signal }
      const [first, second, third] = [view.child(options), view.child(options), view.child(options)]
      const { signal } = second
      void first.signal
      first.cancel()
      third.cancel()
      return signal
    })
    own.abort('own')
    other.abort('other')
    expect(reasons.map(({ reason }) => reason as string)).toEqual(['own', 'other', 'other'])
  })

  it('keeps no listener on another signal, since nobody closes a view', () => {
    const other = new AbortController().signal
    for (let i = 0; i < 100; i++) {
      const view = stopView(new AbortController().signal)
      view.child({ signal: other }).cancel()
      view.child({ signal: other }).cancel()
    }
    expect(listenersOf(other)).toBe(0)
  })
})

describe('the listeners of a chan on foreign signals', () => {
  it('are one while children live, however many', () => {
    const foreign = countedSignal()
    const stop = createStopChan()
    const children = Array.from({ length: 100 }, () => stop.child({ signal: foreign.signal }))
    for (const child of children.slice(50)) void child.signal
    expect([listenersOf(foreign.signal), foreign.most, foreign.added]).toEqual([1, 1, 1])
  })

  it('are at most one idle one, which the next signal puts off', () => {
    const stop = createStopChan()
    const signals = Array.from({ length: 5 }, () => new AbortController().signal)
    const idle: number[][] = []
    for (const signal of signals) {
      stop.child({ signal }).cancel()
      idle.push(signals.map(listenersOf))
    }
    expect(idle).toEqual(signals.map((_, at) => signals.map((_, i) => (i === at ? 1 : 0))))
  })

  it('are not put on and off by children of one signal that come and go', () => {
    const foreign = countedSignal()
    const stop = createStopChan()
    for (let i = 0; i < 1000; i++) {
      using child = stop.child({ signal: foreign.signal })
      void child.signal
    }
    expect([foreign.added, foreign.most, listenersOf(foreign.signal)]).toEqual([1, 1, 1])
  })

  it('keep a busy one beside the idle one', () => {
    const [a, b, c] = [1, 2, 3].map(() => new AbortController().signal) as [AbortSignal, AbortSignal, AbortSignal]
    const stop = createStopChan()
    const busy = stop.child({ signal: a })
    for (const signal of [b, c]) stop.child({ signal }).cancel()
    const before = [a, b, c].map(listenersOf)
    busy.cancel()
    expect([before, [a, b, c].map(listenersOf)]).toEqual([
      [1, 0, 1],
      [1, 0, 0],
    ])
  })

  it('are none after the close, of children that were never read or ended too', () => {
    const signals = Array.from({ length: 4 }, () => new AbortController().signal)
    const stop = createStopChan()
    for (const signal of signals.slice(0, 2)) stop.child({ signal })
    void stop.child({ signal: signals[2] }).signal
    stop.child({ signal: signals[3] }).cancel()
    const before = signals.map(listenersOf)
    stop.close()
    for (const signal of signals) stop.child({ signal })
    expect([before, signals.map(listenersOf)]).toEqual([
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ])
  })

  it('are gone when the signal has aborted', () => {
    const controller = new AbortController()
    const stop = createStopChan()
    const child = stop.child({ signal: controller.signal })
    controller.abort('x')
    stop.child({ signal: controller.signal }).cancel()
    expect([listenersOf(controller.signal), child.signal.reason]).toEqual([0, 'x'])
  })

  it('warn nobody with 10,000 children of one signal', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', note)
    const controller = new AbortController()
    const views: StopView[] = [createStopChan(), stopView(new AbortController().signal), stopView(controller.signal)]
    const children = views.flatMap((view) =>
      Array.from({ length: 10_000 }, () => view.child({ signal: controller.signal })),
    )
    for (const { signal } of children) signal.addEventListener('abort', () => {})
    const listeners = listenersOf(controller.signal)
    controller.abort('x')
    await new Promise(setImmediate)
    process.off('warning', note)
    expect([listeners, warnings, children.every(({ signal }) => signal.reason === 'x')]).toEqual([4, [], true])
  })
})

describe('the first reason', () => {
  it('is that of a foreign signal whose other listener closes the chan, before ours hears of it', () => {
    const controller = new AbortController()
    const stop = createStopChan()
    controller.signal.addEventListener('abort', () => {
      stop.close('chan')
    })
    const [read, unread] = [stop.child({ signal: controller.signal }), stop.child({ signal: controller.signal })]
    void read.signal
    controller.abort('foreign')
    expect([read.signal.reason, unread.signal.reason]).toEqual(['foreign', 'foreign'])
  })

  it('is that of a signal whose other listener cancels the child', () => {
    const [own, other] = [new AbortController(), new AbortController()]
    const children = [
      stopView(own.signal).child(),
      createStopChan().child({ signal: own.signal }),
      stopView(other.signal).child({ signal: own.signal }),
    ]
    own.signal.addEventListener('abort', () => {
      for (const child of children) child.cancel('too late')
    })
    own.abort('x')
    expect(children.map(({ signal }) => signal.reason as string)).toEqual(['x', 'x', 'x'])
  })

  it('is that of the chan when its listener aborts the foreign signal', () => {
    const controller = new AbortController()
    const stop = createStopChan()
    const child = stop.child({ signal: controller.signal })
    stop.signal.addEventListener('abort', () => {
      controller.abort('foreign')
    })
    void child.signal
    stop.close('chan')
    expect(child.signal.reason).toBe('chan')
  })
})
