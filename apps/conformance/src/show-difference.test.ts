import { describe, expect, it } from 'vitest'
import { showDifference } from './show-difference.ts'

describe('showDifference()', () => {
  it('shows nothing when nothing differs', () => {
    expect(showDifference(['a', 'b'], ['a', 'b'])).toEqual([])
    expect(showDifference([], [])).toEqual([])
  })

  it('shows every line once, the fewest of them as changed', () => {
    expect(showDifference(['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'd', 'e'])).toEqual([
      '  a',
      '- b',
      '+ x',
      '  c',
      '  d',
      '+ e',
    ])
  })

  it('shows a changed order', () => {
    expect(showDifference(['a', 'b'], ['b', 'a'])).toEqual(['- a', '  b', '+ a'])
  })

  it('shows a missing and a surplus transcript', () => {
    expect(showDifference(['a'], [])).toEqual(['- a'])
    expect(showDifference([], ['a'])).toEqual(['+ a'])
  })
})
