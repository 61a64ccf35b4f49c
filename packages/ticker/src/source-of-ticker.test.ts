import { setImmediate as idle } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isTicker, tickSourceOf } from './tick-source.ts'
import { createTicker, type Ticker } from './ticker.ts'

/** A ticker by hand: `answer` settles the call of `next` in flight. */
function manual() {
  const log: string[] = []
  let pending: PromiseWithResolvers<boolean> | undefined
  const ticker: Ticker = {
    next: () => {
      log.push('next')
      pending = Promise.withResolvers()
      return pending.promise
    },
    reset: () => {},
    stop: () => void log.push('stop'),
    [Symbol.dispose]: () => {},
  }
  const source = tickSourceOf(ticker, {
    onTick: () => void log.push('tick'),
    onEnd: (error) => void log.push(`end ${String(error)}`),
  })
  const answer = async (ticked: boolean): Promise<void> => {
    pending?.resolve(ticked)
    await idle()
  }
  const fail = async (error: unknown): Promise<void> => {
    pending?.reject(error)
    await idle()
  }
  return { log, source, answer, fail }
}

describe('tickSourceOf()', () => {
  it('asks for the next tick only when somebody is ready, once', async () => {
    const { log, source, answer } = manual()
    source.ready()
    source.ready()
    await answer(true)
    await answer(true)
    source.ready()
    expect(log).toEqual(['next', 'tick', 'next'])
  })

  it('tells once when the ticker was stopped by somebody else', async () => {
    const { log, source, answer } = manual()
    source.ready()
    await answer(false)
    source.ready()
    expect(log).toEqual(['next', 'end undefined'])
  })

  it('tells once when next rejects, throws, or gives something else than a promise', async () => {
    const { log, source, fail } = manual()
    source.ready()
    await fail(new Error('broken'))
    const thrower = {
      next: () => {
        throw new Error('thrown')
      },
      stop: () => {},
    }
    const odd = { next: () => true, stop: () => {} }
    for (const ticker of [thrower, odd]) {
      const other = tickSourceOf(ticker as never, {
        onTick: () => void log.push('tick'),
        onEnd: (error) => void log.push(`end ${String(error)}`),
      })
      other.ready()
      await idle()
      other.stop()
    }
    expect(log).toEqual(['next', 'end Error: broken', 'end Error: thrown', 'tick'])
  })

  it('stops the ticker, and delivers nothing after that', async () => {
    for (const last of ['tick', 'end', 'error']) {
      const { log, source, answer, fail } = manual()
      source.ready()
      source.stop()
      if (last === 'error') await fail(new Error('late'))
      else await answer(last === 'tick')
      source.ready()
      expect(log).toEqual(['next', 'stop'])
    }
  })

  it('drives a ticker of createTicker', async () => {
    const log: string[] = []
    const ticker = createTicker({ periodMs: 3_600_000 })
    const source = tickSourceOf(ticker, {
      onTick: () => {
        log.push('tick')
        source.ready()
      },
      onEnd: () => void log.push('end'),
    })
    source.ready()
    await idle()
    ticker.stop()
    await idle()
    expect(log).toEqual(['tick', 'end'])
  })

  it('refuses what is no ticker, and a taker without one of its functions', () => {
    using ticker = createTicker({ periodMs: 100 })
    const taker = { onTick: () => {}, onEnd: () => {} }
    const cases: readonly (readonly [unknown, unknown, string])[] = [
      [undefined, taker, 'Cannot use the ticker: expected an object, got undefined'],
      [{}, taker, 'Cannot use the method "next" of the ticker: expected a function, got undefined'],
      [{ next: () => {} }, taker, 'Cannot use the method "stop" of the ticker: expected a function, got undefined'],
      [ticker, null, 'Cannot use the taker: expected an object, got null'],
      [ticker, { onTick: 1 }, 'Cannot use the method "onTick" of the taker: expected a function, got 1'],
      [ticker, { onTick: () => {} }, 'Cannot use the method "onEnd" of the taker: expected a function, got undefined'],
    ]
    for (const [wrong, by, message] of cases) {
      expect(() => tickSourceOf(wrong as never, by as never)).toThrow(new TypeError(message))
    }
  })
})

describe('isTicker()', () => {
  it('tells a ticker from options and from anything else', () => {
    using ticker = createTicker({ periodMs: 100 })
    const all = [ticker, { next: () => {} }, { periodMs: 100 }, {}, null, undefined, 1, 'next']
    expect(all.map((it) => isTicker(it))).toEqual([true, true, false, false, false, false, false, false])
  })
})
