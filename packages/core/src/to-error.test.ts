import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { toError } from './to-error.ts'

describe('toError()', () => {
  it('passes an error through untouched, of another realm too', () => {
    const errors = [new Error('a'), new DOMException('b'), runInNewContext('new TypeError("c")')]
    expect(errors.map((error) => toError(error) === error)).toEqual([true, true, true])
  })

  const circular: { self?: unknown } = {}
  circular.self = circular
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['a string', 'went wrong', 'went wrong'],
    ['an empty string', '', 'An empty string was thrown'],
    ['undefined', undefined, 'A value that is no error was thrown: undefined'],
    ['null', null, 'A value that is no error was thrown: null'],
    ['a number', 42, 'A value that is no error was thrown: 42'],
    ['a bigint', 1n, 'A value that is no error was thrown: 1'],
    ['a symbol', Symbol('s'), 'A value that is no error was thrown: Symbol(s)'],
    ['an object', { code: 1 }, 'A value that is no error was thrown: {"code":1}'],
    ['an object with a circle', circular, 'A value that is no error was thrown, and cannot be shown'],
    [
      'an object that says it is an error',
      { [Symbol.toStringTag]: 'Error' },
      'A value that is no error was thrown: {}',
    ],
  ]
  it.each(cases)('makes an error of %s, which is its cause', (_, thrown, message) => {
    const error = toError(thrown)
    expect(error).toBeInstanceOf(Error)
    expect([error.message, error.cause]).toEqual([message, thrown])
  })

  it('makes an error of what cannot even be looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const hostile = {
      get [Symbol.toStringTag](): string {
        throw new Error('No')
      },
    }
    expect(toError(proxy).message).toBe('A value that is no error was thrown, and cannot be shown')
    const error = toError(hostile)
    expect([error.message, error.cause === hostile]).toEqual(['A value that is no error was thrown: {}', true])
  })
})
