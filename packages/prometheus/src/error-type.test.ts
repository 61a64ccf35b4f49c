import { ServiceError } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { errorType } from './error-type.ts'

class QuotaError extends Error {
  override readonly name: string = 'QuotaError'
}

function withCode(code: unknown): Error {
  return Object.assign(new TypeError('secret'), { code })
}

describe('errorType()', () => {
  it.each([
    ['the code of a ServiceError', new ServiceError('late', { code: 'TIMEOUT', service: 'App' }), 'TIMEOUT'],
    ['the code of a system error', withCode('ECONNREFUSED'), 'ECONNREFUSED'],
    ['the code of an error of Node', withCode('ERR_INVALID_ARG_TYPE'), 'ERR_INVALID_ARG_TYPE'],
    ['the name of the class', new RangeError('secret'), 'RangeError'],
    ['the name of a class of the program', new QuotaError('secret'), 'QuotaError'],
    ['the name of a DOMException', new DOMException('secret', 'AbortError'), 'AbortError'],
    ['AggregateError for several', new AggregateError([new Error('a')], 'secret'), 'AggregateError'],
    ['no code that is a number', withCode(404), 'TypeError'],
    ['no code that may be data', withCode('user 17 not found'), 'TypeError'],
    ['no code without end', withCode('A'.repeat(65)), 'TypeError'],
    ['no name that may be data', Object.assign(new Error('secret'), { name: 'user 17' }), 'Error'],
    ['no name that is no string', Object.assign(new Error('secret'), { name: 17 }), 'Error'],
  ])('is %s', (_, error, type) => {
    expect(errorType(error)).toBe(type)
  })
})
