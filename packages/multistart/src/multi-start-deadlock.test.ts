import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as idle } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { createMultiStart } from './multi-start.ts'

describe('a call of createMultiStart() from inside one of its own steps', () => {
  const calls: readonly (readonly [string, (all: ReturnType<typeof createMultiStart>) => Promise<void>, string])[] = [
    ['start', (all) => all.start([]), 'Cannot start: '],
    ['close', (all) => all.close(), 'Cannot close: '],
    ['closeBecause', (all) => all.closeBecause(new Error('why')), 'why\nCannot close: '],
  ]
  const failed = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'ok',
      (error: Error) => error.message,
    )

  it.each(calls)('rejects %s from inside a start with DEADLOCK, before and after an await', async (_, call, prefix) => {
    for (const wait of [() => undefined, () => idle()]) {
      const all = createMultiStart()
      const service = {
        start: async () => {
          await wait()
          await call(all)
        },
        close: () => {},
      }
      expect(await failed(all.start([service]))).toBe(
        `${prefix}the call comes from inside the start of "service 1", which it would wait for`,
      )
    }
  })

  it.each(calls)('rejects %s from inside a close with DEADLOCK, before and after an await', async (_, call, prefix) => {
    for (const wait of [() => undefined, () => idle()]) {
      const all = createMultiStart()
      const service = {
        start: () => {},
        close: async () => {
          await wait()
          await call(all)
        },
      }
      await all.start([service])
      expect(await failed(all.close())).toBe(
        `${prefix}the call comes from inside the close of "service 1", which it would wait for`,
      )
    }
  })

  it('gives the error the code, so that a start that survives it can go on', async () => {
    const codes: unknown[] = []
    const all = createMultiStart()
    const service = {
      start: () => all.close().catch((error: unknown) => void codes.push((error as { code: unknown }).code)),
      close: () => void codes.push('closed'),
    }
    await all.start([service])
    await all.close()
    expect(codes).toEqual(['DEADLOCK', 'closed'])
  })

  it('rejects one from work that the step left running, only as long as the step is in flight', async () => {
    const outcomes: string[] = []
    const during = Promise.withResolvers<void>()
    const after = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const all = createMultiStart()
    const work = async (until: Promise<void>): Promise<void> => {
      await until
      outcomes.push(await failed(all.close()))
    }
    const service = {
      start: () => {
        void work(during.promise)
        void work(after.promise)
        return gate.promise
      },
      close: () => {},
    }
    const started = all.start([service])
    during.resolve()
    await idle()
    gate.resolve()
    await started
    after.resolve()
    await idle()
    expect(outcomes).toEqual([
      'Cannot close: the call comes from inside the start of "service 1", which it would wait for',
      'ok',
    ])
  })

  it('lets a step use another MultiStart, and an abandoned step its own', async () => {
    const log: string[] = []
    const inner = createMultiStart()
    const outer = createMultiStart()
    const leaf = { start: () => void log.push('leaf start'), close: () => void log.push('leaf close') }
    const gate = Promise.withResolvers<void>()
    const nested = {
      start: () => inner.start([leaf]),
      close: async () => {
        await inner.close()
        await gate.promise
        log.push(await failed(outer.close()))
      },
    }
    await outer.start([nested])
    expect(await failed(outer.close(AbortSignal.abort()))).toMatch(/^Cannot close: the budget has ended/)
    gate.resolve()
    await idle()
    expect(log).toEqual(['leaf start', 'leaf close', 'ok'])
  })

  it('lets a step that nobody waits for close the rest', async () => {
    const log: string[] = []
    const all = createMultiStart()
    const service = { start: () => {}, close: async () => void log.push(await failed(all.close())) }
    await all.start([service])
    expect(await failed(all.close(AbortSignal.abort()))).toMatch(/^Cannot close: the budget has ended/)
    await idle()
    expect(log).toEqual(['ok'])
  })

  it('switches the async context off when no call is left', async () => {
    const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
    const all = createMultiStart()
    const counts: number[] = []
    const first = all.start([{ start: () => {}, close: () => {} }]).then(() => counts.push(disable.mock.calls.length))
    await Promise.all([first, all.close()])
    counts.push(disable.mock.calls.length)
    disable.mockRestore()
    expect(counts).toEqual([0, 1])
  })
})
