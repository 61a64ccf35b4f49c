import { describe, expect, it } from 'vitest'
import { attachNode, type HealthNode, nodeOf } from './health-node.ts'
import type { HealthReport, HealthReporter } from './service.ts'

function reporter(name: string): HealthReporter {
  return { name: () => name, readiness: () => null, healthReport: (): HealthReport => new Map([[name, null]]) }
}

const node = (): HealthNode => ({ revision: 0, visit: () => {}, adopt: () => {} })

describe('attachNode()', () => {
  it('gives the reporter back, with the node on it', () => {
    const own = reporter('a')
    const inside = node()
    expect(attachNode(own, inside)).toBe(own)
    expect(nodeOf(own)).toBe(inside)
  })

  it('is kept by a spread, and dropped by an override of healthReport', () => {
    const own = attachNode(reporter('a'), node())
    const report = own.healthReport()
    expect([
      nodeOf({ ...own, readiness: () => new Error('not yet') }) === nodeOf(own),
      nodeOf({ ...own, healthReport: () => report }),
    ]).toEqual([true, undefined])
  })

  it('is not seen by who looks at the reporter', () => {
    const own = attachNode(reporter('a'), node())
    expect([Object.keys(own), Object.keys(own.healthReport)]).toEqual([['name', 'readiness', 'healthReport'], []])
  })

  it('can be attached anew', () => {
    const own = attachNode(reporter('a'), node())
    const later = node()
    expect(nodeOf(attachNode(own, later))).toBe(later)
  })
})

describe('nodeOf()', () => {
  it('has none for a hand-written reporter, nor for one that lacks the method', () => {
    expect([nodeOf(reporter('a')), nodeOf({} as never)]).toEqual([undefined, undefined])
  })
})
