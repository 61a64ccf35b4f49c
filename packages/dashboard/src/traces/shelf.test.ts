import { describe, expect, it } from 'vitest'
import type { Trace, TraceKind } from './model.ts'
import { createShelf } from './shelf.ts'
import { addSpan, createTrace, endSpan } from './spans.ts'

let at = 0

function make(kind: TraceKind, options: { isOutermost?: boolean; isOpen?: boolean; text?: number } = {}): Trace {
  const trace = createTrace(kind, options.isOutermost ?? true)
  const span = addSpan(trace, {
    kind: 'start',
    name: kind,
    service: kind,
    owner: 1,
    startedAt: ++at,
    subject: undefined,
  })
  if (options.isOpen !== true) endSpan(span, at)
  trace.text = options.text ?? 0
  return trace
}

describe('createShelf()', () => {
  it('keeps the newest, newest first', () => {
    const shelf = createShelf(3)
    const traces = [1, 2, 3, 4, 5].map(() => make('start'))
    for (const trace of traces) shelf.add(trace)
    expect(shelf.all()).toEqual(traces.slice(2).toReversed())
    expect(shelf.dropped).toBe(2)
  })

  it('keeps the start of the program in a flood of ticks, of health changes and of parts', () => {
    const shelf = createShelf(20)
    const start = make('start')
    shelf.add(start)
    for (let i = 0; i < 1000; i++) {
      shelf.add(make('tick'))
      shelf.add(make('health'))
      shelf.add(make('start', { isOutermost: false }))
    }
    const kept = shelf.all()
    expect(kept).toHaveLength(20)
    expect(kept).toContain(start)
    expect(new Set(kept.map(({ kind }) => kind))).toEqual(new Set(['start', 'tick', 'health']))
  })

  it('lets what has closed go before what runs', () => {
    const shelf = createShelf(3)
    const [first, second, ...others] = [1, 2, 3, 4].map(() => make('start')) as [Trace, Trace, ...Trace[]]
    for (const trace of [first, second]) shelf.add(trace)
    second.isOver = true
    for (const trace of others) shelf.add(trace)
    expect(shelf.all()).toEqual([first, ...others].toReversed())
  })

  it('keeps what failed in a flood of what ended well, but not of what failed as well', () => {
    const shelf = createShelf(10)
    const failed = make('close')
    failed.failed = 1
    shelf.add(failed)
    for (let i = 0; i < 100; i++) shelf.add(make('close'))
    expect(shelf.all()).toContain(failed)
    const start = make('start')
    shelf.add(start)
    for (let i = 0; i < 100; i++) {
      const trace = make('close')
      trace.failed = 1
      shelf.add(trace)
    }
    expect(shelf.all()).not.toContain(failed)
    const well = shelf.all().filter((it) => it.kind === 'close' && it.failed === 0)
    expect(well.length).toBeGreaterThan(2)
    expect(shelf.all()).toContain(start)
  })

  it('lets what has ended go before what is open', () => {
    const shelf = createShelf(2)
    const open = make('tick', { isOpen: true })
    shelf.add(open)
    const others = [1, 2, 3].map(() => make('tick'))
    for (const trace of others) shelf.add(trace)
    expect(shelf.all()).toEqual([others[2], open])
    expect(shelf.openWork()).toBe(1)
  })

  it('never drops the newest, not even of one', () => {
    const shelf = createShelf(1)
    const start = make('start')
    const tick = make('tick')
    shelf.add(start)
    shelf.add(tick)
    expect(shelf.all()).toEqual([tick])
  })

  it('bounds the text of all together', () => {
    const shelf = createShelf(200, 10_000)
    const start = make('start')
    shelf.add(start)
    for (let i = 0; i < 100; i++) shelf.add(make('health', { text: 3000 }))
    expect(shelf.all()).toHaveLength(4)
    expect(shelf.all()).toContain(start)
  })

  it('takes one that went while it was open back when it has ended', () => {
    const shelf = createShelf(1)
    const open = make('start', { isOpen: true })
    shelf.add(open)
    shelf.add(make('start'))
    expect([shelf.all().includes(open), shelf.dropped]).toEqual([false, 1])
    shelf.settle(open)
    expect([shelf.all(), shelf.dropped]).toEqual([[open], 1])
  })
})
