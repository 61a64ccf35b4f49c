import type { Operation, Service } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { createTestScope, type TestScope } from '@svc/testing'
import { describe, expect, it } from 'vitest'
import { stateOf } from './state-of.ts'

/** The starts, closes and waits of a scope, each behind the operation that it is part of. */
function operationsOf(scope: TestScope): string[] {
  const nameOf = ({ kind, scope: { id } }: Operation): string => `${kind} ${id}`
  return scope.events.flatMap((event) =>
    event.type === 'begin'
      ? `${event.operation.parent === undefined ? '' : `${nameOf(event.operation.parent)} > `}${nameOf(event.operation)}`
      : [],
  )
}

describe('a service whose scope is one parent and whose owner is another', () => {
  /** `Home` lends its scope, `Owner` starts and closes. */
  function makeApart(): {
    scope: TestScope
    home: Service
    homeEngine: Engine
    owner: Service
    child: Service
    childEngine: Engine
  } {
    const scope = createTestScope()
    const { service: home, engine: homeEngine } = createServiceEngine({ name: 'Home', parent: scope })
    const { service: child, engine: childEngine } = createServiceEngine({
      name: 'Child',
      parent: homeEngine,
      start: (engine) => {
        engine.go(
          () =>
            new Promise((resolve) => {
              engine.signal.addEventListener('abort', () => {
                resolve()
              })
            }),
        )
      },
    })
    const owner = createService({ name: 'Owner', parent: scope, subServices: () => [child] })
    return { scope, home, homeEngine, owner, child, childEngine }
  }

  it('is named by its scope, and its operations are part of those of its owner', async () => {
    const { scope, home, owner } = makeApart()
    await owner.start()
    await home.start()
    await home.close()
    await owner.close()
    expect(operationsOf(scope)).toEqual([
      'start Owner',
      'start Owner > start Home.Child',
      'task Home.Child',
      'start Home',
      'close Home',
      'close Owner',
      'close Owner > close Home.Child',
      'close Home.Child > wait Home.Child',
    ])
    scope.assertNothingLeaked()
  })

  it('starts and closes with its owner, whatever becomes of the other parent', async () => {
    const { scope, home, owner, child } = makeApart()
    await home.start()
    await owner.start()
    await home.close()
    expect([stateOf(home), stateOf(child)]).toEqual(['Stopped', 'Started'])
    await owner.close()
    expect(stateOf(child)).toBe('Stopped')
    scope.assertNothingLeaked()
  })

  it('is in the report and readiness of its owner only, and marks the path of owners', async () => {
    const { scope, home, owner, childEngine } = makeApart()
    const checker = createHealthChecker({ parent: scope })
    checker.register(home)
    checker.register(owner)
    await home.start()
    expect([...home.healthReport().keys()]).toEqual(['Home'])
    expect([...owner.healthReport().keys()]).toEqual(['Owner', 'Home.Child'])
    await owner.start()
    const before = checker.snapshot()
    childEngine.setHealthCondition('disk', new Error('full'))
    const after = checker.snapshot()
    expect([before.healthy, after.healthy, after.health.get('Home.Child')?.message]).toEqual([
      true,
      false,
      'disk: full',
    ])
    expect(after.revision).toBeGreaterThan(before.revision)
    expect(home.healthReport().get('Home')).toBeNull()
    await owner.close()
    await home.close()
  })

  it('finds a close of its owner, and only that, a deadlock from inside', async () => {
    const { scope, home, owner, childEngine } = makeApart()
    await owner.start()
    await home.start()
    await expect(childEngine.ifStarted(() => owner.close())).rejects.toMatchObject({
      code: 'DEADLOCK',
      service: 'Owner',
    })
    await childEngine.ifStarted(() => home.close())
    expect(stateOf(home)).toBe('Stopped')
    await owner.close()
    scope.assertNothingLeaked()
  })

  it('can come and go with an owner that is not its scope', async () => {
    const scope = createTestScope()
    const { service: home, engine: homeEngine } = createServiceEngine({ name: 'Home', parent: scope })
    const { service: owner, engine } = createServiceEngine({ name: 'Owner', parent: scope })
    await owner.start()
    const child = await engine.startSubService(createService({ name: 'Child', parent: homeEngine }))
    expect([...owner.healthReport().keys()]).toEqual(['Owner', 'Home.Child'])
    await engine.closeSubService(child)
    expect([...owner.healthReport().keys()]).toEqual(['Owner'])
    expect(scope.events.flatMap((event) => (event.type === 'removed' ? event.scope.id : []))).toEqual(['Home.Child'])
    await owner.close()
    expect(stateOf(home)).toBe('Unstarted')
    scope.assertNothingLeaked()
  })

  it('is refused a second owner, of either kind, and stays with the first', async () => {
    const { owner, child, homeEngine, home } = makeApart()
    await home.start()
    expect(() => createService({ name: 'Thief', subServices: () => [{ ...child }] })).toThrow(TypeError)
    await expect(homeEngine.startSubService(child)).rejects.toThrow('it has an owner already')
    expect([...home.healthReport().keys()]).toEqual(['Home'])
    await owner.start()
    expect(stateOf(child)).toBe('Started')
    await owner.close()
    await home.close()
  })
})

describe('a sub-service that is spread, and whose close never calls the inner one', () => {
  const overrides: readonly (readonly [string, () => Promise<void>])[] = [
    ['ends well', () => Promise.resolve()],
    ['ends at once', () => undefined as never],
    ['rejects', () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ]

  it.each(overrides)('and that %s, is called once, and keeps nobody from closing', async (how, close) => {
    for (const closeOrder of ['concurrent', 'reverse'] as const) {
      const scope = createTestScope()
      const log: string[] = []
      const { service, engine } = createServiceEngine({
        name: 'P',
        parent: scope,
        closeOrder,
        subServices: (parent) => [
          createService({ name: 'A', parent, close: () => void log.push('A') }),
          {
            ...createService({ name: 'B', parent, close: () => void log.push('inner B') }),
            close: () => (log.push('B'), close()),
          },
          createService({ name: 'C', parent, close: () => void log.push('C') }),
        ],
      })
      await service.start()
      await engine.startSubService({
        ...createService({ name: 'D', parent: engine }),
        close: () => (log.push('D'), close()),
      })
      const outcome = await service.close().then(
        () => 'ok',
        (error: unknown) => error,
      )
      if (how.startsWith('ends')) expect(outcome).toBe('ok')
      else expect(outcome).toMatchObject({ errors: [{ message: 'no' }, { message: 'no' }] })
      expect(log.toSorted()).toEqual(['A', 'B', 'C', 'D'])
      // It is open still, and the check says so.
      expect(() => {
        scope.assertNothingLeaked()
      }).toThrow('"P.B" is Started; "P.D" is Started')
    }
  })

  it('leaves its parent when it goes', async () => {
    const { service, engine } = createServiceEngine({ name: 'P' })
    await service.start()
    const inner = createServiceEngine({ name: 'C', parent: engine })
    const child = await engine.startSubService({ ...inner.service, close: () => Promise.resolve() })
    await engine.closeSubService(child)
    expect([[...service.healthReport().keys()], stateOf(inner.service)]).toEqual([['P'], 'Started'])
    await inner.service.close()
    await expect(service.close()).resolves.toBeUndefined()
  })
})
