import { setImmediate as idle } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { StartClose } from '@svc/core'
import { createMultiStart } from './multi-start.ts'

const never = (): Promise<void> => new Promise(() => {})

/**
 * A world with a log, services whose steps can be held up, and calls that note how they ended: apart, since in which
 * microtask a caller hears of it beside the next call's first step is nobody's business.
 */
function world() {
  const log: string[] = []
  const outcomes: string[] = []
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const step = (line: string, held: boolean): Promise<void> | undefined => {
    log.push(line)
    if (!held) return undefined
    const gate = Promise.withResolvers<void>()
    gates.set(line, gate)
    return gate.promise
  }
  const service = (name: string, ...held: ('start' | 'close')[]): StartClose =>
    ({
      name: () => name,
      start: () => step(`${name} start`, held.includes('start')),
      close: () => step(`${name} close`, held.includes('close')),
    }) as StartClose
  const watch = (label: string, promise: Promise<unknown>): void => {
    promise.then(
      () => outcomes.push(`${label} ok`),
      (error: unknown) => outcomes.push(`${label} failed: ${error instanceof Error ? error.message : String(error)}`),
    )
  }
  const release = async (line: string): Promise<void> => {
    log.push(`release ${line}`)
    gates.get(line)!.resolve()
    await idle()
  }
  return { log, outcomes, service, watch, release }
}

describe('calls of createMultiStart() at once', () => {
  it('makes a close wait for a start in flight, and closes all that it started', async () => {
    const { log, outcomes, service, watch, release } = world()
    const all = createMultiStart()
    watch('start', all.start([service('a', 'start'), service('b')]))
    watch('close', all.close())
    await idle()
    await release('a start')
    expect(log).toEqual(['a start', 'release a start', 'b start', 'b close', 'a close'])
    expect(outcomes).toEqual(['start ok', 'close ok'])
  })

  it('makes a start wait for a close in flight, and keeps what it starts open', async () => {
    const { log, outcomes, service, watch, release } = world()
    const all = createMultiStart()
    await all.start([service('a'), service('b', 'close')])
    watch('close', all.close())
    watch('start', all.start([service('c')]))
    await idle()
    await release('b close')
    await all.close()
    expect(log.slice(2)).toEqual(['b close', 'release b close', 'a close', 'c start', 'c close'])
    expect(outcomes).toEqual(['close ok', 'start ok'])
  })

  it('makes a second start wait for the first, and a failed one closes the first too', async () => {
    const { log, outcomes, service, watch, release } = world()
    const all = createMultiStart()
    const bad = { start: () => Promise.reject(new Error('bad')), close: () => {} }
    watch('first', all.start([service('a', 'start'), service('b')]))
    watch('second', all.start([service('c'), bad]))
    await idle()
    await release('a start')
    expect(log).toEqual(['a start', 'release a start', 'b start', 'c start', 'c close', 'b close', 'a close'])
    expect(outcomes).toEqual(['first ok', 'second failed: bad'])
  })

  it('gives the errors of a close to the first of two, and leaves the second nothing', async () => {
    const { log, outcomes, service, watch, release } = world()
    const all = createMultiStart()
    const bad = { start: () => {}, close: () => Promise.reject(new Error('bad')) }
    await all.start([bad, service('b', 'close')])
    watch('first', all.close())
    watch('second', all.close())
    await idle()
    await release('b close')
    expect(log.slice(1)).toEqual(['b close', 'release b close'])
    expect(outcomes).toEqual(['first failed: bad', 'second ok'])
  })

  it('takes a start that is aborted while it waits out of the line', async () => {
    const { log, outcomes, service, watch, release } = world()
    const controller = new AbortController()
    const all = createMultiStart()
    watch('first', all.start([service('a', 'start')]))
    watch('second', all.start([service('b')], { signal: controller.signal }))
    watch('third', all.start([service('c')]))
    await idle()
    controller.abort('enough')
    await idle()
    await release('a start')
    await all.close()
    expect(log).toEqual(['a start', 'release a start', 'c start', 'c close', 'a close'])
    expect(outcomes).toEqual(['second failed: enough', 'first ok', 'third ok'])
  })

  it('abandons a start that hangs when the budget of a close behind it ends, and closes what ends well after all', async () => {
    const { log, outcomes, service, watch, release } = world()
    const controller = new AbortController()
    const all = createMultiStart()
    watch('first', all.start([service('a'), service('b', 'start'), service('c')]))
    watch('second', all.start([service('d')]))
    watch('close', all.close(controller.signal))
    await idle()
    controller.abort()
    await idle()
    await release('b start')
    await all.close()
    expect(log).toEqual(['a start', 'b start', 'a close', 'release b start', 'b close'])
    expect(outcomes).toEqual([
      'first failed: Cannot go on: a close that waited has run out of time, and these had not ended: "b" (start)',
      'second failed: Cannot go on: a close that waited has run out of time, and these had not ended: "b" (start)',
      'close failed: Cannot close: the budget has ended, and these had not ended: "b" (start)',
    ])
  })

  it('takes over from a close that hangs when the budget of one behind it ends', async () => {
    const { log, outcomes, service, watch } = world()
    const controller = new AbortController()
    const seen: unknown[] = []
    const all = createMultiStart()
    const a = { start: () => {}, close: (signal?: AbortSignal) => void seen.push(signal) }
    await all.start([a, service('b', 'close')])
    watch('first', all.close())
    watch('second', all.close(controller.signal))
    await idle()
    controller.abort()
    await idle()
    expect(seen).toEqual([controller.signal])
    expect(log.slice(1)).toEqual(['b close'])
    expect(outcomes).toEqual([
      'first failed: Cannot go on: a close that waited has run out of time, and these had not ended: "b" (close)',
      'second failed: Cannot close: the budget has ended, and these had not ended: "b" (close)',
    ])
  })

  it('lets each of two closes with one budget report its end', async () => {
    const { log, outcomes, service, watch } = world()
    const controller = new AbortController()
    const all = createMultiStart()
    await all.start([service('a'), service('b', 'close')])
    watch('first', all.close(controller.signal))
    watch('second', all.close(controller.signal))
    await idle()
    controller.abort()
    await idle()
    expect(log.slice(2)).toEqual(['b close', 'a close'])
    expect(outcomes).toEqual([
      'first failed: Cannot close: the budget has ended, and these had not ended: "b" (close)',
      'second failed: Cannot close: the budget has ended, and these had not ended: "b" (close)',
    ])
  })

  it('does not close an abandoned start that fails after all', async () => {
    const { log, outcomes, watch } = world()
    const { promise, reject } = Promise.withResolvers<void>()
    const all = createMultiStart()
    watch('start', all.start([{ start: () => promise, close: () => void log.push('closed') }]))
    watch('close', all.close(AbortSignal.abort()))
    await idle()
    reject(new Error('late'))
    await idle()
    await all.close()
    expect(log).toEqual([])
    expect(outcomes).toEqual([
      'start failed: Cannot go on: a close that waited has run out of time, and these had not ended: "service 1" (start)',
      'close failed: Cannot close: the budget has ended, and these had not ended: "service 1" (start)',
    ])
  })

  it('takes over the unwinding of a start that hangs', async () => {
    const { log, outcomes, service, watch } = world()
    const controller = new AbortController()
    const all = createMultiStart()
    const bad = { start: () => Promise.reject(new Error('bad')), close: () => {} }
    watch('start', all.start([service('a'), service('b', 'close'), bad]))
    watch('close', all.close(controller.signal))
    await idle()
    controller.abort()
    await idle()
    expect(log).toEqual(['a start', 'b start', 'b close', 'a close'])
    expect(outcomes).toEqual([
      'start failed: bad\nCannot go on: a close that waited has run out of time, and these had not ended: "b" (close)',
      'close failed: Cannot close: the budget has ended, and these had not ended: "b" (close)',
    ])
  })

  it('serves a new start after a step was abandoned', async () => {
    const { log, service } = world()
    const all = createMultiStart()
    await all.start([{ start: () => {}, close: never }])
    await expect(all.close(AbortSignal.abort())).rejects.toMatchObject({ code: 'TIMEOUT' })
    await all.start([service('b')])
    await all.close()
    expect(log).toEqual(['b start', 'b close'])
  })
})
