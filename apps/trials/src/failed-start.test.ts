import { errorTree, isCancellation, type ServiceError } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aborted, countedSignal, makeWorld, openServices, type World } from './world.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Runs a start to its end, whatever timers that takes. */
async function outcomeOf(started: Promise<void>): Promise<ServiceError | undefined> {
  let outcome: { error: ServiceError | undefined } | undefined
  started.then(
    () => (outcome = { error: undefined }),
    (error: unknown) => (outcome = { error: error as ServiceError }),
  )
  for (let i = 0; i < 200 && outcome === undefined; i++) await vi.advanceTimersByTimeAsync(i < 20 ? 0 : 100)
  if (outcome === undefined) throw new Error('The start hangs')
  return outcome.error
}

function expectNothingLeft(world: World, listeners: number): void {
  expect(openServices(world)).toEqual([])
  world.scope.assertNothingLeaked()
  expect([vi.getTimerCount(), listeners]).toEqual([0, 0])
}

/** The points of a start that goes well. */
async function pointsOfStart(): Promise<string[]> {
  const world = makeWorld(() => {})
  expect(await outcomeOf(world.root.start())).toBeUndefined()
  const points = [...world.points]
  await world.root.close()
  return points
}

const leafMessages = (error: unknown): string[] =>
  [...errorTree(error)]
    .filter((it) => (it as Error).cause === undefined && !(it instanceof AggregateError))
    .map((it) => (it as Error).message)

const POINTS = [
  'start A1',
  'start A2 1',
  'start A2 2',
  'start A 1',
  'start A 2',
  'start B1 1',
  'start B1 2',
  'start B',
  'start R 1',
  'start Late 1',
  'start Late 2',
  'start R 2',
]

describe('a start of a tree three deep', () => {
  it('comes by the points that are tried here', async () => {
    expect(await pointsOfStart()).toEqual(POINTS)
  })

  describe.each(POINTS)('at %s', (point) => {
    it.each(['throws', 'rejects later'])('leaves nothing when that step %s', async (how) => {
      const { controller, listeners } = countedSignal()
      const world = makeWorld((at) => {
        if (at !== point) return undefined
        if (how === 'throws') throw new Error('the original')
        return Promise.resolve().then(() => {
          throw new Error('the original')
        })
      })
      const error = await outcomeOf(world.root.start(controller.signal))
      expect(error).toMatchObject({ code: 'START_FAILED', service: 'R' })
      expect(leafMessages(error)).toEqual(['the original'])
      expectNothingLeft(world, listeners())
    })

    it('closes what had started in reverse, and never what had not', async () => {
      const world = makeWorld((at) => {
        if (at === point) throw new Error('the original')
      })
      await outcomeOf(world.root.start())
      const began = new Set(world.points.filter((it) => it.startsWith('start ')).map((it) => it.split(' ')[1]))
      const failed = new Set([
        point.split(' ')[1],
        'R',
        ...(point.includes(' A') ? ['A'] : []),
        ...(point.includes(' B') ? ['B'] : []),
      ])
      const closed = world.points.filter((it) => it.startsWith('close ')).map((it) => it.slice('close '.length))
      expect(new Set(closed)).toEqual(
        new Set([...began].filter((name) => !failed.has(name ?? '') && name !== undefined)),
      )
    })

    it('leaves nothing when it is aborted there, and says why', async () => {
      const { controller, listeners } = countedSignal()
      const reason = new Error('enough')
      const world = makeWorld((at) => {
        if (at === point) controller.abort(reason)
      })
      const error = await outcomeOf(world.root.start(controller.signal))
      expect(isCancellation(error, controller.signal)).toBe(true)
      expect([...errorTree(error)].flatMap((it) => (it as ServiceError).pending ?? [])).toEqual([])
      expectNothingLeft(world, listeners())
    })

    it('leaves nothing when its deadline passes there and the step hears of it', async () => {
      const world = makeWorld(
        async (at, signal) => {
          if (at !== point) return
          await aborted(signal)
          throw signal.reason
        },
        { startTimeoutMs: 1500 },
      )
      const error = await outcomeOf(world.root.start())
      expect(error).toMatchObject({ code: 'TIMEOUT', service: 'R' })
      const hanging = point.split(' ')[1] ?? ''
      expect(error?.pending.map((work) => work.service.split('.').at(-1))).toContain(hanging)
      expectNothingLeft(world, 0)
    })

    it('abandons and names the step when it ignores its deadline, and leaves nothing else', async () => {
      const world = makeWorld((at) => (at === point ? new Promise(() => {}) : undefined), { startTimeoutMs: 1500 })
      const error = await outcomeOf(world.root.start())
      const hanging = point.split(' ')[1] ?? ''
      expect(error).toMatchObject({ code: 'TIMEOUT', service: 'R' })
      expect(error?.pending).toContainEqual(
        expect.objectContaining({
          kind: 'start',
          service: expect.stringMatching(new RegExp(`(^|\\.)${hanging}$`)) as string,
        }),
      )
      // All that is left is what was abandoned: nothing is open, no timer runs.
      expect(openServices(world)).toEqual([])
      expect(vi.getTimerCount()).toBe(0)
    })

    it('abandons the step when it ignores an abort from outside', async () => {
      const { controller, listeners } = countedSignal()
      const world = makeWorld((at) => {
        if (at !== point) return undefined
        controller.abort(new Error('enough'))
        return new Promise(() => {})
      })
      const error = await outcomeOf(world.root.start(controller.signal))
      expect(isCancellation(error, controller.signal)).toBe(true)
      expect(JSON.stringify([...errorTree(error)].flatMap((it) => (it as ServiceError).pending ?? []))).toContain(
        point.split(' ')[1],
      )
      expect([openServices(world), vi.getTimerCount(), listeners()]).toEqual([[], 0, 0])
    })
  })

  it('leaves nothing when it is aborted at any turn of the microtask queue', async () => {
    let turns = 0
    for (let done = false; !done && turns < 1000; turns++) {
      const { controller, listeners } = countedSignal()
      const world = makeWorld(() => {})
      let settled = false
      const started = world.root.start(controller.signal).finally(() => (settled = true))
      started.catch(() => {})
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      done = settled
      controller.abort(new Error('enough'))
      const error = await outcomeOf(started)
      if (error === undefined) await outcomeOf(world.root.close())
      else expect(isCancellation(error, controller.signal)).toBe(true)
      expectNothingLeft(world, listeners())
    }
    expect(turns).toBeGreaterThan(20)
    expect(turns).toBeLessThan(1000)
  })

  it('leaves nothing when a stop is asked for at any turn of the microtask queue', async () => {
    let turns = 0
    for (let done = false; !done && turns < 1000; turns++) {
      const world = makeWorld(() => {})
      let settled = false
      const started = world.root.start().finally(() => (settled = true))
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      done = settled
      const closed = world.root.close()
      expect([await outcomeOf(started), await outcomeOf(closed)]).toEqual([undefined, undefined])
      expectNothingLeft(world, 0)
    }
    expect(turns).toBeGreaterThan(20)
  })

  it('leaves nothing when its deadline passes while it is being unwound', async () => {
    const world = makeWorld(
      (at) => {
        if (at === 'start R 2') throw new Error('the original')
        return at === 'close A1' ? new Promise(() => {}) : undefined
      },
      { startTimeoutMs: 1500 },
    )
    const error = await outcomeOf(world.root.start())
    expect(leafMessages(error)).toContain('the original')
    expect(JSON.stringify([...errorTree(error)].flatMap((it) => (it as ServiceError).pending ?? []))).toContain(
      'R.A.A1',
    )
    expect(vi.getTimerCount()).toBe(0)
  })
})
