import { describe, expect, it } from 'vitest'
import { makeTrace } from '../fixtures/make-trace.ts'
import { criticalPath } from './critical-path.ts'
import type { Trace } from './model.ts'

const NOW = 1000

function pathOf(trace: Trace): readonly string[] {
  return criticalPath(trace, NOW).stretches.map(({ span, from, to }) => `${span.name} ${from}-${to}`)
}

describe('criticalPath()', () => {
  it('goes through sub-services that start in order, and what is between them', () => {
    const { trace, of } = makeTrace(['App', '', 0, 100], ['A', 'App', 0, 10], ['B', 'App', 12, 90], ['C', 'B', 20, 80])
    expect(pathOf(trace)).toEqual(['A 0-10', 'App 10-12', 'B 12-20', 'C 20-80', 'B 80-90', 'App 90-100'])
    const path = criticalPath(trace, NOW)
    expect(['App', 'A', 'B', 'C'].map((name) => path.through(of(name)))).toEqual([100, 10, 78, 60])
  })

  it('goes through the slowest of those that close at once', () => {
    const { trace, of } = makeTrace(['App', '', 0, 100], ['A', 'App', 1, 40], ['B', 'App', 1, 99], ['C', 'App', 1, 60])
    expect(pathOf(trace)).toEqual(['App 0-1', 'B 1-99', 'App 99-100'])
    expect(criticalPath(trace, NOW).through(of('C'))).toBe(0)
  })

  it('counts what ends after the one above until the end of that', () => {
    const { trace } = makeTrace(['App', '', 0, 50], ['A', 'App', 10, 80], ['Late', 'App', 60, 90])
    expect(pathOf(trace)).toEqual(['App 0-10', 'A 10-50'])
  })

  it('follows what has not ended until now', () => {
    const { trace } = makeTrace(['App', '', 0], ['A', 'App', 0, 10], ['B', 'App', 10], ['C', 'B', 30])
    expect(pathOf(trace)).toEqual(['A 0-10', 'B 10-30', `C 30-${NOW}`])
  })

  it('has no gaps and no overlaps, whatever the shape', () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return (seed / 2_147_483_648) * below
    }
    for (let round = 0; round < 200; round++) {
      const rows: [string, string, number, (number | undefined)?][] = [['0', '', 0, 100]]
      for (let i = 1; i < 20; i++) {
        const from = random(120)
        rows.push([`${i}`, `${Math.floor(random(i))}`, from, random(1) < 0.1 ? undefined : from + random(60)])
      }
      const { stretches } = criticalPath(makeTrace(...rows).trace, NOW)
      let at = 0
      for (const { from, to } of stretches) {
        expect(from).toBe(at)
        expect(to).toBeGreaterThan(from)
        at = to
      }
      expect(at).toBe(100)
    }
  })

  it('takes a tree of any depth', () => {
    const rows = Array.from({ length: 20_000 }, (_, i): [string, string, number] => [`${i}`, `${i - 1}`, i / 100])
    expect(criticalPath(makeTrace(...rows).trace, NOW).stretches.at(-1)?.to).toBe(NOW)
  })
})
