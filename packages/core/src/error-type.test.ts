import { describe, expect, it } from 'vitest'
import { errorType } from './error-type.ts'
import { ServiceError } from './service-error.ts'

class QuotaError extends Error {
  override readonly name: string = 'QuotaError'
}

function withCode(code: unknown): Error {
  return Object.assign(new TypeError('secret'), { code })
}

function startFailed(cause: unknown): ServiceError {
  return new ServiceError('Cannot start', { code: 'START_FAILED', service: 'App', cause })
}

function cyclic(): Error {
  const error = new AggregateError([], 'secret')
  error.errors.push(error)
  return error
}

function hostile(): Error {
  return new Proxy(new Error('secret'), {
    get: () => {
      throw new Error('no property')
    },
    getPrototypeOf: () => {
      throw new Error('no prototype')
    },
  })
}

describe('errorType()', () => {
  it.each([
    ['the code of a ServiceError', new ServiceError('late', { code: 'TIMEOUT', service: 'App' }), 'TIMEOUT'],
    ['the code of a system error', withCode('ECONNREFUSED'), 'ECONNREFUSED'],
    ['the code of an error of Node', withCode('ERR_INVALID_ARG_TYPE'), 'ERR_INVALID_ARG_TYPE'],
    ['the name of the class', new RangeError('secret'), 'RangeError'],
    ['the name of a class of the program', new QuotaError('secret'), 'QuotaError'],
    ['the name of a DOMException', new DOMException('secret', 'AbortError'), 'AbortError'],
    ['that of the first of several', new AggregateError([withCode('EPIPE'), new Error('b')], 'secret'), 'EPIPE'],
    ['AggregateError for none', new AggregateError([], 'secret'), 'AggregateError'],
    ['that of the cause of a failed start', startFailed(startFailed(withCode('EADDRINUSE'))), 'EADDRINUSE'],
    [
      'that of the failure that comes before the unwinding',
      new AggregateError([startFailed(new RangeError('a')), new Error('b')]),
      'RangeError',
    ],
    [
      'the code of a time-out under a failed start',
      startFailed(new ServiceError('late', { code: 'TIMEOUT', service: 'App' })),
      'TIMEOUT',
    ],
    [
      'START_FAILED where nothing says why',
      new ServiceError('x', { code: 'START_FAILED', service: 'App' }),
      'START_FAILED',
    ],
    ['START_FAILED where the cause is no error', startFailed('secret'), 'START_FAILED'],
    [
      'that of the error itself where the cause has another',
      new RangeError('secret', { cause: withCode('EPIPE') }),
      'RangeError',
    ],
    ['AggregateError for one that holds itself', cyclic(), 'AggregateError'],
    ['Error for one that cannot be read', hostile(), 'Error'],
    ['no code that is a number', withCode(404), 'TypeError'],
    ['no code that may be data', withCode('user 17 not found'), 'TypeError'],
    ['no code without end', withCode('A'.repeat(65)), 'TypeError'],
    ['no name that may be data', Object.assign(new Error('secret'), { name: 'user 17' }), 'Error'],
    ['no name that is no string', Object.assign(new Error('secret'), { name: 17 }), 'Error'],
  ])('is %s', (_, error, type) => {
    expect(errorType(error)).toBe(type)
  })
})
