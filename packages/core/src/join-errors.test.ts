import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { joinErrors } from './join-errors.ts'

describe('joinErrors()', () => {
  const a = new Error('a')
  const b = new Error('b')
  const c = new Error('c')

  it('gives null for nothing, skips nulls, and gives back the one error itself', () => {
    expect([joinErrors([]), joinErrors([null, null]), joinErrors([null, a, null])]).toEqual([null, null, a])
    expect(joinErrors([null, a])).toBe(a)
  })

  it('joins several in order, their messages a line each', () => {
    const joined = joinErrors([b, null, a, b]) as AggregateError
    expect(joined).toBeInstanceOf(AggregateError)
    expect([joined.errors, joined.message]).toEqual([[b, a, b], 'b\na\nb'])
  })

  it('flattens aggregates that it made itself, and only those', () => {
    const theirs = new AggregateError([b, c], 'theirs')
    const joined = joinErrors([joinErrors([a, b]), theirs, joinErrors([joinErrors([b, c]), a])]) as AggregateError
    expect(joined.errors).toEqual([a, b, theirs, b, c, a])
    expect(joinErrors([theirs])).toBe(theirs)
  })

  it('takes any iterable', () => {
    function* some(): Generator<Error | null> {
      yield null
      yield a
      yield b
    }
    expect([joinErrors(some())?.message, joinErrors(new Set([a]))?.message]).toEqual(['a\nb', 'a'])
  })

  it('makes errors of what is none', () => {
    const joined = joinErrors(['text' as never, undefined as never, a]) as AggregateError
    expect(joined.errors.map((error: unknown) => error instanceof Error)).toEqual([true, true])
    expect(joined.message).toBe('text\na')
  })

  it('is printed with all that is in it, and without its mark', () => {
    const printed = inspect(joinErrors([a, b]))
    expect(printed).toMatch(/^AggregateError: a\nb\n/)
    expect(printed).toContain('Error: b')
    expect(printed).not.toContain('@svc')
  })
})
