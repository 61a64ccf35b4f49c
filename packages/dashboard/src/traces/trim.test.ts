import { describe, expect, it } from 'vitest'
import { rootOf, type Span, type Trace } from './model.ts'
import { addSpan, createTrace, endSpan, failSpan } from './spans.ts'
import { trim } from './trim.ts'

function add(trace: Trace, name: string, parent: Span | undefined, from: number): Span {
  return addSpan(trace, { kind: 'start', name, service: name, owner: 1, parent, startedAt: from, subject: undefined })
}

/** A root with groups of ten below it, of which the last takes as many milliseconds as its group's number says. */
function make(groups: number): Trace {
  const trace = createTrace('start', true)
  const root = add(trace, 'App', undefined, 0)
  for (let i = 0; i < groups; i++) {
    const group = add(trace, `G${i}`, root, i)
    for (let j = 0; j < 10; j++) {
      const span = add(trace, `G${i}.${j}`, group, i)
      if (i === 7 && j === 3) failSpan(span, new Error('no'))
      if (i !== 9 || j !== 4) endSpan(span, i + (j === 9 ? i + 1 : 0.001))
    }
    endSpan(group, i)
  }
  return trace
}

describe('trim()', () => {
  it('keeps what failed, what is open, what took long, and what is above those', () => {
    const trace = make(350)
    expect(trace.spans).toHaveLength(3851)
    trim(trace)
    const names = trace.spans.map(({ name }) => name)
    expect(names).toHaveLength(2000)
    for (const name of ['App', 'G7', 'G7.3', 'G9', 'G9.4', 'G349', 'G349.9', 'G100.9']) expect(names).toContain(name)
    for (const { parent } of trace.spans) expect(parent === undefined || names.includes(parent.name)).toBe(true)
  })

  it('counts what it has left out where it was, however often it is called', () => {
    const trace = createTrace('start', true)
    const root = add(trace, 'App', undefined, 0)
    for (let i = 0; i < 20_000; i++) endSpan(add(trace, `S${i}`, root, i), i + 1)
    expect(trace.spans.length).toBeLessThanOrEqual(4000)
    expect(trace.spans.length + root.leftOut).toBe(20_001)
    expect(root.leftOutMs).toBe(root.leftOut)
    expect(rootOf(trace)).toBe(root)
  })

  it('leaves what is open alone, and is not called for each new one', () => {
    const trace = createTrace('close', true)
    const root = add(trace, 'App', undefined, 0)
    for (let i = 0; i < 10_000; i++) add(trace, `S${i}`, root, i)
    expect(trace.spans).toHaveLength(10_001)
    expect(trace.trimAt).toBeGreaterThan(10_001)
  })
})
