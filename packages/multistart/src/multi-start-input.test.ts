import { describe, expect, it } from 'vitest'
import type { StartClose } from '@svc/core'
import { createMultiStart } from './multi-start.ts'

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

describe('bad input of createMultiStart()', () => {
  const good: StartClose = { start: () => {}, close: () => {} }
  const cases: readonly (readonly [string, () => Promise<void>, string])[] = [
    [
      'no list',
      () => createMultiStart().start(undefined as never),
      'Cannot start: expected an array of services, got undefined',
    ],
    [
      'one service',
      () => createMultiStart().start(good as never),
      'Cannot start: expected an array of services, got an object',
    ],
    [
      'a set',
      () => createMultiStart().start(new Set([good]) as never),
      'Cannot start: expected an array of services, got an object',
    ],
    [
      'a null entry',
      () => createMultiStart().start([good, null as never]),
      'Cannot use service 2 of the list: expected an object, got null',
    ],
    [
      'a hole',
      () => createMultiStart().start(Object.assign([good], { length: 2 })),
      'Cannot use service 2 of the list: expected an object, got undefined',
    ],
    [
      'a string entry',
      () => createMultiStart().start(['a'] as never),
      'Cannot use service 1 of the list: expected an object, got "a"',
    ],
    [
      'no start',
      () => createMultiStart().start([{ close: () => {} } as never]),
      'Cannot use the method "start" of service 1 of the list: expected a function, got undefined',
    ],
    [
      'no close',
      () => createMultiStart().start([{ start: () => {}, close: 1 } as never]),
      'Cannot use the method "close" of service 1 of the list: expected a function, got 1',
    ],
    [
      'null options',
      () => createMultiStart().start([], null as never),
      'Cannot use the options: expected an object, got null',
    ],
    [
      'a signal that is none',
      () => createMultiStart().start([], { signal: {} as never }),
      'Cannot use "signal": expected an AbortSignal, got an object',
    ],
    [
      'a null signal',
      () => createMultiStart().close(null as never),
      'Cannot use "signal": expected an AbortSignal, got null',
    ],
    [
      'a controller',
      () => createMultiStart().close(new AbortController() as never),
      'Cannot use "signal": expected an AbortSignal, got an object',
    ],
    [
      'no reason',
      () => createMultiStart().closeBecause(undefined as never),
      'Cannot use the reason: expected an Error, got undefined',
    ],
    [
      'a reason that is no error',
      () => createMultiStart().closeBecause('why' as never),
      'Cannot use the reason: expected an Error, got "why"',
    ],
    [
      'a bad signal beside a reason',
      () => createMultiStart().closeBecause(new Error('why'), 1 as never),
      'Cannot use "signal": expected an AbortSignal, got 1',
    ],
  ]
  it.each(cases)('refuses %s', async (_, call, message) => {
    const error = await failure(call())
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe(message)
  })

  it('changes nothing before it refuses', async () => {
    const log: string[] = []
    const all = createMultiStart()
    const service = { start: () => void log.push('start'), close: () => void log.push('close') }
    await all.start([service])
    await failure(all.start([service, {} as never]))
    await failure(all.closeBecause('why' as never))
    await failure(all.close(1 as never))
    expect(log).toEqual(['start'])
  })
})
