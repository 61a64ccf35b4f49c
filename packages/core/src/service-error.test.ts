import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { isServiceError, ServiceError } from './service-error.ts'

describe('ServiceError', () => {
  it('carries what is needed to tell it apart', () => {
    const cause = new Error('why')
    const work = { service: 'App', kind: 'task', label: 'poll', ageMs: 3, startedBy: undefined } as const
    const error = new ServiceError('Cannot stop', {
      code: 'TIMEOUT',
      service: 'App',
      state: 'Stopping',
      pending: [work],
      cause,
    })
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.message, error.code, error.service, error.state, error.pending, error.cause]).toEqual([
      'ServiceError',
      'Cannot stop',
      'TIMEOUT',
      'App',
      'Stopping',
      [work],
      cause,
    ])
  })

  it('has no pending work, no state and no cause unless given', () => {
    const error = new ServiceError('Cannot start', { code: 'DEADLOCK', service: 'App' })
    expect([error.pending, error.state, 'cause' in error]).toEqual([[], undefined, false])
    expect('cause' in new ServiceError('x', { code: 'DEADLOCK', service: '', cause: undefined })).toBe(true)
  })

  it('has its name on the prototype, so that it is not printed as a field', () => {
    const error = new ServiceError('Cannot start', { code: 'DEADLOCK', service: 'App' })
    expect([Object.hasOwn(error, 'name'), `${error}`]).toEqual([false, 'ServiceError: Cannot start'])
    expect(inspect(error)).toMatch(/^ServiceError: Cannot start\n/)
  })
})

describe('isServiceError()', () => {
  const error = new ServiceError('Cannot use', { code: 'NOT_STARTED', service: 'App' })

  it('tells one, and its code when asked for', () => {
    expect([isServiceError(error), isServiceError(error, 'NOT_STARTED'), isServiceError(error, 'TIMEOUT')]).toEqual([
      true,
      true,
      false,
    ])
  })

  it.each([null, undefined, 'NOT_STARTED', 1, new Error('x'), { code: 'NOT_STARTED' }, () => {}])(
    'is false for %s',
    (value) => {
      expect(isServiceError(value)).toBe(false)
    },
  )

  it('is false for a proxy that refuses', () => {
    const { proxy, revoke } = Proxy.revocable(error, {})
    revoke()
    expect(isServiceError(proxy)).toBe(false)
  })
})
