import { errorTree, type ServiceError } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countedSignal, makeWorld } from './world.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const CLOSES = ['close R', 'close A', 'close B', 'close A1', 'close A2', 'close B1', 'close Late']

async function outcomeOf(closed: Promise<void>): Promise<ServiceError | undefined> {
  let outcome: { error: ServiceError | undefined } | undefined
  closed.then(
    () => (outcome = { error: undefined }),
    (error: unknown) => (outcome = { error: error as ServiceError }),
  )
  for (let i = 0; i < 100 && outcome === undefined; i++) await vi.advanceTimersByTimeAsync(i < 20 ? 0 : 100)
  if (outcome === undefined) throw new Error('It hangs')
  return outcome.error
}

describe.each([undefined, 'reverse'] as const)('a close of a tree three deep, order %s', (closeOrder) => {
  const options = closeOrder === undefined ? {} : { closeOrder }

  it('runs every step, and leaves nothing', async () => {
    const world = makeWorld(() => {}, options)
    await outcomeOf(world.root.start())
    expect(await outcomeOf(world.root.close())).toBeUndefined()
    expect(world.points.filter((it) => it.startsWith('close')).toSorted()).toEqual(CLOSES.toSorted())
    world.scope.assertNothingLeaked()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('runs every step whichever of them fail, and throws all the failures', async () => {
    for (let subset = 1; subset < 2 ** CLOSES.length; subset++) {
      const failing = CLOSES.filter((_, i) => ((subset >> i) & 1) === 1)
      const world = makeWorld((at) => {
        if (!failing.includes(at)) return undefined
        if (at.length % 2 === 0) throw new Error(at)
        return Promise.reject(new Error(at))
      }, options)
      await outcomeOf(world.root.start())
      const error = await outcomeOf(world.root.close())
      const thrown = [...errorTree(error)]
        .filter((it) => !(it instanceof AggregateError))
        .map((it) => (it as Error).message)
      expect(thrown.toSorted()).toEqual(failing.toSorted())
      // The own failure comes first.
      if (failing.includes('close R')) expect(thrown[0]).toBe('close R')
      expect(world.points.filter((it) => it.startsWith('close')).toSorted()).toEqual(CLOSES.toSorted())
      world.scope.assertNothingLeaked()
      expect(vi.getTimerCount()).toBe(0)
    }
  })

  it.each(CLOSES)(
    'begins every step that is left when its deadline passes in %s, and names that one',
    async (point) => {
      const { controller, listeners } = countedSignal()
      const world = makeWorld((at) => (at === point ? new Promise(() => {}) : undefined), options)
      await outcomeOf(world.root.start())
      const closed = world.root.close(controller.signal)
      await vi.advanceTimersByTimeAsync(0)
      controller.abort(new Error('out of budget'))
      const error = await outcomeOf(closed)
      const hanging = point.slice('close '.length)
      expect(error).toMatchObject({ code: 'TIMEOUT', service: 'R' })
      expect(error?.pending.map((work) => work.service.split('.').at(-1))).toContain(hanging)
      expect(world.points.filter((it) => it.startsWith('close')).toSorted()).toEqual(CLOSES.toSorted())
      expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
    },
  )

  it('begins every step, at whatever turn of the microtask queue its budget ends', async () => {
    let turns = 0
    for (let done = false; !done && turns < 1000; turns++) {
      const { controller, listeners } = countedSignal()
      const world = makeWorld(async () => {
        await Promise.resolve()
      }, options)
      await outcomeOf(world.root.start())
      let settled = false
      const closed = world.root.close(controller.signal).finally(() => (settled = true))
      closed.catch(() => {})
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      done = settled
      controller.abort(new Error('out of budget'))
      await outcomeOf(closed)
      await vi.advanceTimersByTimeAsync(0)
      expect(world.points.filter((it) => it.startsWith('close')).toSorted()).toEqual(CLOSES.toSorted())
      world.scope.assertNothingLeaked()
      expect([vi.getTimerCount(), listeners()]).toEqual([0, 0])
    }
    expect(turns).toBeGreaterThan(5)
    expect(turns).toBeLessThan(1000)
  })
})
