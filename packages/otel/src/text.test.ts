import { describe, expect, it } from 'vitest'
import { cut } from './text.ts'

describe('cut()', () => {
  it('leaves a text alone that is short enough', () => {
    expect(cut('abc', 3)).toBe('abc')
  })

  it('ends a longer one with an ellipsis, within the limit', () => {
    expect(cut('abcd', 3)).toBe('ab…')
  })

  it('never cuts a character in two', () => {
    expect(cut('a🚀🚀', 4)).toBe('a🚀…')
    expect(cut('a🚀🚀', 3)).toBe('a…')
  })

  it('keeps quotes, newlines and control characters', () => {
    expect(cut('"\n\u0000\\ and more', 6)).toBe('"\n\u0000\\ …')
  })
})
