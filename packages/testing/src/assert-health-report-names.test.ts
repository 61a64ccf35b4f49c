import { describe, expect, it } from 'vitest'
import { assertHealthReportNames } from './index.ts'

describe('assertHealthReportNames()', () => {
  const report = new Map([
    ['B', null],
    ['A', new Error('x')],
    ['__proto__', null],
  ])

  it('accepts the names in any order', () => {
    expect(() => {
      assertHealthReportNames(report, ['A', '__proto__', 'B'])
    }).not.toThrow()
  })

  it('lists what is missing and what is extra, sorted', () => {
    expect(() => {
      assertHealthReportNames(report, ['D', 'B', 'C'])
    }).toThrow('Cannot accept the health report: missing "C", "D", extra "A", "__proto__"')
    expect(() => {
      assertHealthReportNames(report, ['A', '__proto__'])
    }).toThrow('missing none, extra "B"')
  })

  it.each([
    [null, []],
    [report, 'A'],
    [report, [1]],
    [report, ['']],
  ])('refuses %s with %s', (wrong, names) => {
    expect(() => {
      assertHealthReportNames(wrong as never, names as never)
    }).toThrow(TypeError)
  })
})
