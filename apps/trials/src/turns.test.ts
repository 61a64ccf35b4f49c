import type { Service } from '@svc/core'
import { createService, createServiceEngine, type Engine, type EngineService } from '@svc/engine'
import { createTestScope, type TestScope } from '@svc/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { codesOf, outcomeOf, turns } from './outcome.ts'
import { stateOf } from './state-of.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** More turns of the microtask queue than any of these takes. */
const MOST_TURNS = 45

/** Two levels with work in them, and whatever a trial adds. */
interface Family {
  readonly scope: TestScope
  readonly service: EngineService
  readonly engine: Engine
  /** The hooks that have run, in order. */
  readonly log: readonly string[]
  make(name: string): Service
}

/** Waits so many turns in each hook, so that they fall at different turns of their parent's. */
function makeFamily(delay: number, closeOrder?: 'reverse'): Family {
  const scope = createTestScope()
  const log: string[] = []
  const step = (name: string): void | Promise<void> => {
    log.push(name)
    return delay === 0 ? undefined : turns(delay)
  }
  const hooks = (name: string): { start: () => void | Promise<void>; close: () => void | Promise<void> } => ({
    start: () => step(`start ${name}`),
    close: () => step(`close ${name}`),
  })
  const { service, engine } = createServiceEngine({
    name: 'P',
    parent: scope,
    closeOrder,
    subServices: (parent) => [createService({ name: 'S', parent, ...hooks('S') })],
    ...hooks('P'),
  })
  return { scope, service, engine, log, make: (name) => createService({ name, parent: engine, ...hooks(name) }) }
}

const CASES = [0, 1, 3].flatMap((delay) =>
  ([undefined, 'reverse'] as const).map((closeOrder) => ({ delay, closeOrder: closeOrder ?? 'concurrent' })),
)
const orderOf = (closeOrder: string): 'reverse' | undefined => (closeOrder === 'reverse' ? closeOrder : undefined)

/** However a race ends: nothing open, no hook twice, each that has started closed. */
function expectAllClosed({ scope, log }: Family): void {
  scope.assertNothingLeaked()
  expect(log.length).toBe(new Set(log).size)
  expect(vi.getTimerCount()).toBe(0)
}

describe.each(CASES)('with hooks of $delay turns that close in $closeOrder order', ({ delay, closeOrder }) => {
  it('a sub-service that comes at any turn of a close either lives until that, or never', async () => {
    const seen = new Set<string>()
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      await family.service.start()
      const closing = family.service.close()
      await turns(at)
      const child = family.make('C')
      if (at === MOST_TURNS - 1) expect(stateOf(family.service)).toBe('Stopped')
      const outcome = await outcomeOf(family.engine.startSubService(child))
      expect(codesOf(outcome)).toEqual(['NOT_STARTED'])
      expect(await outcomeOf(closing)).toBe('ok')
      seen.add(stateOf(child))
      expectAllClosed(family)
    }
    expect([...seen]).toEqual(['Unstarted'])
  })

  it('a close at any turn of the start of a sub-service that comes leaves nothing of it', async () => {
    const seen = new Set<string>()
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      await family.service.start()
      const child = family.make('C')
      const starting = outcomeOf(family.engine.startSubService(child))
      await turns(at)
      expect(await outcomeOf(family.service.close())).toBe('ok')
      const outcome = await starting
      seen.add(outcome === 'ok' ? 'ok' : codesOf(outcome)[0]!)
      expect(stateOf(child)).toBe(outcome === 'ok' || codesOf(outcome)[0] === 'NOT_STARTED' ? 'Stopped' : 'StartFailed')
      expectAllClosed(family)
    }
    expect(seen).toContain('ok')
  })

  it('a sub-service that goes at any turn of a close is closed once', async () => {
    for (const first of ['parent', 'child'] as const) {
      for (let at = 0; at < MOST_TURNS; at++) {
        const family = makeFamily(delay, orderOf(closeOrder))
        await family.service.start()
        const child = await family.engine.startSubService(family.make('C'))
        const close = (): Promise<unknown> => outcomeOf(family.service.close())
        const closeChild = (): Promise<unknown> => outcomeOf(family.engine.closeSubService(child))
        const one = first === 'parent' ? close() : closeChild()
        await turns(at)
        const two = first === 'parent' ? closeChild() : close()
        const [ofParent, ofChild] = first === 'parent' ? [await one, await two] : [await two, await one]
        expect(ofParent).toBe('ok')
        if (ofChild !== 'ok') expect(ofChild).toMatchObject({ code: 'NOT_STARTED' })
        expect(stateOf(child)).toBe('Stopped')
        expect(family.log.filter((it) => it === 'close C')).toHaveLength(1)
        expectAllClosed(family)
      }
    }
  })

  it('a sub-service that goes at any turn of its start is closed or has failed, and left', async () => {
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      await family.service.start()
      const child = family.make('C')
      const starting = outcomeOf(family.engine.startSubService(child))
      await turns(at)
      await outcomeOf(family.engine.closeSubService(child))
      await starting
      expect(stateOf(child)).toMatch(/Stopped|StartFailed/)
      expect([...family.service.healthReport().keys()]).toEqual(['P', 'P.S'])
      expect(await outcomeOf(family.service.close())).toBe('ok')
      expectAllClosed(family)
    }
  })

  it('a start, a stop and another stop at any turns of each other end in one of each', async () => {
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      const starting = outcomeOf(family.service.start())
      await turns(at % 7)
      const again = outcomeOf(family.service.start())
      const closing = outcomeOf(family.service.close())
      await turns(at)
      const second = outcomeOf(family.service.close())
      expect([await starting, await again, await closing, await second]).toMatchObject([
        'ok',
        { code: 'ALREADY_STARTED' },
        'ok',
        { code: 'ALREADY_STOPPED' },
      ])
      expect(family.log.toSorted()).toEqual(['close P', 'close S', 'start P', 'start S'])
      expectAllClosed(family)
    }
  })

  it('a deadline at any turn of any of these leaves nothing but what it has named', async () => {
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      await family.service.start()
      const child = family.make('C')
      const starting = outcomeOf(family.engine.startSubService(child))
      const controller = new AbortController()
      await turns(at % 5)
      const leaving = outcomeOf(family.engine.closeSubService(child))
      const closing = outcomeOf(family.service.close(controller.signal))
      await turns(at)
      controller.abort(new Error('late'))
      const outcome = await closing
      if (outcome !== 'ok') expect(codesOf(outcome)).toContain('TIMEOUT')
      await Promise.all([starting, leaving])
      expectAllClosed(family)
    }
  })

  it('a guarded function at any turn of a close either holds it back, or is refused', async () => {
    const seen = new Set<boolean>()
    for (let at = 0; at < MOST_TURNS; at++) {
      const family = makeFamily(delay, orderOf(closeOrder))
      await family.service.start()
      const gate = Promise.withResolvers<void>()
      const isBefore = at % 2 === 0
      const held = isBefore ? family.engine.ifStarted(() => gate.promise) : undefined
      let closed = false
      const closing = family.service.close().finally(() => (closed = true))
      await turns(at)
      const late = outcomeOf(family.engine.ifStarted(() => closed))
      expect(await late).toMatchObject({
        code: 'NOT_STARTED',
        state: expect.stringMatching(/Stopping|Stopped/) as string,
      })
      seen.add(closed)
      if (isBefore) expect(closed).toBe(false)
      gate.resolve()
      await held
      await closing
      expectAllClosed(family)
    }
    expect(seen.size).toBe(2)
  })
})
