import { setImmediate as idle } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { type Closable, isServiceError } from '@svc/core'
import { closeAll } from './close-all.ts'
import { createMultiStart } from './multi-start.ts'
import { multiCloser } from './multi-closer.ts'

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )
const never = (): Promise<void> => new Promise(() => {})

describe('closeAll()', () => {
  it('begins every close before it waits for one', async () => {
    const log: string[] = []
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const closables = gates.map(({ promise }, i) => ({
      close: async () => {
        log.push(`${i} closing`)
        await promise
        log.push(`${i} closed`)
      },
    }))
    const closed = closeAll(closables).then(() => log.push('all closed'))
    log.push('called')
    gates[1]!.resolve()
    await idle()
    gates[0]!.resolve()
    await closed
    expect(log).toEqual(['0 closing', '1 closing', 'called', '1 closed', '0 closed', 'all closed'])
  })

  it('joins the errors in argument order, whichever comes first', async () => {
    const [a, c] = [new Error('a'), new Error('c')]
    const first = Promise.withResolvers<void>()
    const closed = failure(
      closeAll([{ close: () => first.promise }, { close: () => {} }, { close: () => Promise.reject(c) }]),
    )
    await idle()
    first.reject(a)
    expect(await closed).toMatchObject({ errors: [a, c] })
  })

  it('closes the others when one throws synchronously', async () => {
    const log: string[] = []
    const boom = new Error('boom')
    const thrower = {
      close: () => {
        throw boom
      },
    }
    expect(await failure(closeAll([thrower, { close: () => void log.push('closed') }]))).toBe(boom)
    expect(log).toEqual(['closed'])
  })

  it('makes an error of what is none, and waits for a thenable that is no promise', async () => {
    const log: string[] = []
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- a thenable that is no promise is the subject
      then: (resolve: () => void) => {
        log.push('ended')
        queueMicrotask(resolve)
      },
    }
    const error = await failure(
      closeAll([{ close: () => thenable as unknown as Promise<void> }, { close: () => Promise.reject('text') }]),
    )
    expect(error).toMatchObject({ message: 'text', cause: 'text' })
    expect(log).toEqual(['ended'])
  })

  it('has nothing to do for nothing, and takes any iterable', async () => {
    const log: string[] = []
    await closeAll([])
    await closeAll(new Set([{ close: () => void log.push('set') }]))
    await closeAll(
      (function* () {
        yield { close: () => void log.push('generator') }
      })(),
    )
    expect(log).toEqual(['set', 'generator'])
  })

  it('hands the signal on, stops waiting at its end, and names what had not ended', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const seen: unknown[] = []
    const broken = new Error('broken')
    const hanging = { name: () => 'Queue', close: never }
    const bad = {
      close: async (it?: AbortSignal) => {
        seen.push(it)
        throw broken
      },
    }
    const closed = failure(closeAll([bad, hanging], { signal }))
    await idle()
    controller.abort()
    const { errors } = (await closed) as AggregateError
    expect(seen).toEqual([signal])
    expect(isServiceError(errors[0], 'TIMEOUT')).toBe(true)
    expect(errors[0]).toMatchObject({
      message: 'Cannot close: the budget has ended, and these had not ended: "Queue" (close)',
      pending: [{ service: 'Queue', kind: 'close' }],
    })
    expect(errors.slice(1)).toEqual([broken])
  })

  it('begins every close even when the budget has ended before, which is no error when all end at once', async () => {
    const log: string[] = []
    const close = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      log.push('closed')
    }
    await closeAll([{ close }, { close }], { signal: AbortSignal.abort() })
    expect(log).toEqual(['closed', 'closed'])
  })

  it('leaves no listener behind', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    await closeAll([{ close: () => {} }], { signal })
    expect(add.mock.calls).toHaveLength(1)
    expect(remove.mock.calls).toEqual(add.mock.calls)
  })
})

describe('multiCloser()', () => {
  it('prints what ExampleMultiCloser prints', async () => {
    const out: string[] = []
    const closeFailure = (name: string) => ({
      start: () => void out.push(`${name} started`),
      close: () => {
        out.push(`${name} close failure`)
        throw new Error(`failed to close: ${name}`)
      },
    })
    const closables = [closeFailure('f'), closeFailure('f')]
    await createMultiStart().start(closables)
    try {
      await multiCloser(closables).close()
    } catch (error) {
      out.push((error as Error).message)
    }
    expect(out.join('\n')).toBe(
      'f started\nf started\nf close failure\nf close failure\nfailed to close: f\nfailed to close: f',
    )
  })

  it('closes the list as it was when it was made, each time', async () => {
    const log: string[] = []
    const list: Closable[] = [{ close: () => void log.push('a') }]
    const { close } = multiCloser(list)
    list.push({ close: () => void log.push('b') })
    await close()
    await close()
    expect(log).toEqual(['a', 'a'])
  })

  it('passes the budget on, so that it can be part of something larger', async () => {
    const controller = new AbortController()
    const seen: unknown[] = []
    const all = createMultiStart()
    const closer = multiCloser([{ close: (signal?: AbortSignal) => void seen.push(signal) }])
    await all.start([{ start: () => {}, ...closer }])
    await all.close(controller.signal)
    expect(seen).toEqual([controller.signal])
  })
})

describe('bad input of closeAll() and multiCloser()', () => {
  const good: Closable = { close: () => {} }
  const lists: readonly (readonly [string, unknown, string])[] = [
    ['no list', undefined, 'Cannot close: expected an iterable of things to close, got undefined'],
    ['null', null, 'Cannot close: expected an iterable of things to close, got null'],
    ['a number', 1, 'Cannot close: expected an iterable of things to close, got 1'],
    ['a string', 'ab', 'Cannot close: expected an iterable of things to close, got "ab"'],
    ['one closable', good, 'Cannot close: expected an iterable of things to close, got an object'],
    ['a null entry', [good, null], 'Cannot use closable 2 of the list: expected an object, got null'],
    // oxlint-disable-next-line eslint/no-sparse-arrays -- the hole is the subject
    ['a hole', [, good], 'Cannot use closable 1 of the list: expected an object, got undefined'],
    ['no close', [{}], 'Cannot use the method "close" of closable 1 of the list: expected a function, got undefined'],
  ]
  it.each(lists)('refuses %s', async (_, list, message) => {
    const error = await failure(closeAll(list as never))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toBe(message)
    expect(() => multiCloser(list as never)).toThrow(new TypeError(message))
  })

  it('refuses options and signals that are none, and closes nothing before it refuses', async () => {
    const log: string[] = []
    const a = { close: () => void log.push('a') }
    expect(await failure(closeAll([a], null as never))).toEqual(
      new TypeError('Cannot use the options: expected an object, got null'),
    )
    expect(await failure(closeAll([a], { signal: 1 as never }))).toEqual(
      new TypeError('Cannot use "signal": expected an AbortSignal, got 1'),
    )
    expect(await failure(multiCloser([a]).close('x' as never))).toEqual(
      new TypeError('Cannot use "signal": expected an AbortSignal, got "x"'),
    )
    expect(await failure(closeAll([a, {} as never]))).toBeInstanceOf(TypeError)
    expect(log).toEqual([])
  })
})
