import { describe, expect, it } from 'vitest'
import { refuseNonFunction, refused, show } from './check.ts'

describe('show()', () => {
  const throws = (): never => {
    throw new Error('The code of the value was run')
  }
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['a string', 'a "b"\n😀', '"a \\"b\\"\\n😀"'],
    ['a long string', 'x'.repeat(61), `"${'x'.repeat(60)}…"`],
    ['a string of just the length', 'x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['NaN', Number.NaN, 'NaN'],
    ['a bigint', 1n, '1'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', throws, 'a function'],
    ['an array', [1], 'an array'],
    ['a promise', Promise.resolve(), 'a promise'],
    ['an object', { toString: throws, toJSON: throws, [Symbol.toPrimitive]: throws }, 'an object'],
    ['an object of no class', Object.create(null), 'an object'],
  ]
  it.each(cases)('names %s without running code of its own', (_, value, text) => {
    expect(show(value)).toBe(text)
  })
})

describe('refused()', () => {
  it('gives what a check throws as a rejection, and undefined where none throws', async () => {
    const failure = new TypeError('Cannot use it')
    await expect(
      refused(() => {
        throw failure
      }),
    ).rejects.toBe(failure)
    expect(refused(() => {})).toBeUndefined()
  })

  it('has a form for functions', async () => {
    expect(refuseNonFunction(() => {}, 'the hook')).toBeUndefined()
    await expect(refuseNonFunction('x', 'the hook')).rejects.toThrow(
      'Cannot use the hook: expected a function, got "x"',
    )
  })
})
