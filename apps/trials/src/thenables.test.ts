import { createScope, type Service, type StartClose } from '@svc/core'
import { createService, createServiceEngine } from '@svc/engine'
import { closeAll, createMultiStart } from '@svc/multistart'
import { createStateMachine } from '@svc/statemachine'
import { createTestScope, type TestScope } from '@svc/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { originalsOf, outcomeOf } from './outcome.ts'
import { THENABLES } from './thenables.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

type Give = () => PromiseLike<void>

/** A place where a user's function may give a thenable: resolves or rejects as the thenable ends. */
type Place = (give: Give, scope: TestScope) => Promise<unknown>

function handWritten(steps: Partial<StartClose>): Service {
  const start = steps.start ?? (() => {})
  const close = steps.close ?? (() => {})
  return {
    name: () => 'H',
    start: start as Service['start'],
    close: close as Service['close'],
    readiness: () => null,
    healthReport: () => new Map(),
  }
}

/** Rejects with what became a condition. */
function throwCondition(service: Service): void {
  for (const error of service.healthReport().values()) if (error !== null) throw error
}

const PLACES: readonly (readonly [string, Place])[] = [
  [
    'startOnce',
    (give, parent) =>
      createStateMachine({ name: 'M', parent })
        .startOnce(give)
        .finally(() => undefined),
  ],
  [
    'stopOnce',
    async (give, parent) => {
      const machine = createStateMachine({ name: 'M', parent })
      await machine.startOnce(() => {})
      await machine.stopOnce(give)
    },
  ],
  [
    'ifStarted of a state machine',
    async (give) => {
      const machine = createStateMachine({ name: 'M' })
      await machine.startOnce(() => {})
      const held = machine.ifStarted(give)
      await machine.stopOnce(() => {})
      await held
    },
  ],
  ['ifNotStopped of a state machine', (give) => createStateMachine({ name: 'M' }).ifNotStopped(give)],
  [
    'a start hook',
    async (give, parent) => {
      const service = createService({ name: 'E', parent, start: give })
      await service.start()
      await service.close()
    },
  ],
  [
    'a close hook',
    async (give, parent) => {
      const service = createService({ name: 'E', parent, close: give })
      await service.start()
      await service.close()
    },
  ],
  [
    'the start of a sub-service',
    async (give, parent) => {
      const service = createService({ name: 'E', parent, subServices: () => [handWritten({ start: give })] })
      await service.start()
      await service.close()
    },
  ],
  ...(['concurrent', 'reverse'] as const).map((closeOrder): [string, Place] => [
    `the close of a sub-service, ${closeOrder}`,
    async (give, parent) => {
      const subServices = (): Service[] => [handWritten({ close: give })]
      const service = createService({ name: 'E', parent, subServices, closeOrder })
      await service.start()
      await service.close()
    },
  ]),
  [
    'the start of a sub-service that comes',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      await service.start()
      try {
        await engine.startSubService(handWritten({ start: give }))
      } finally {
        await service.close()
      }
    },
  ],
  [
    'the close of a sub-service that goes',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      await service.start()
      const child = await engine.startSubService(handWritten({ close: give }))
      try {
        await engine.closeSubService(child)
      } finally {
        await service.close()
      }
    },
  ],
  [
    'a task',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      await service.start()
      engine.go(give)
      await vi.advanceTimersByTimeAsync(10)
      const found = service.healthReport().get('E')
      await service.close()
      if (found != null) throw found
    },
  ],
  [
    'a tick',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      await service.start()
      engine.goTick({ periodMs: 1000 }, give)
      await vi.advanceTimersByTimeAsync(20)
      try {
        throwCondition(service)
      } finally {
        await service.close()
      }
    },
  ],
  [
    'ifStarted of an engine',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      await service.start()
      const held = engine.ifStarted(give)
      held.catch(() => {})
      await service.close()
      await held
    },
  ],
  [
    'ifNotStopped of an engine',
    async (give, parent) => {
      const { service, engine } = createServiceEngine({ name: 'E', parent })
      const held = engine.ifNotStopped(give)
      held.catch(() => {})
      await service.start()
      await service.close()
      await held
    },
  ],
  [
    'a start of a multistart',
    async (give) => {
      const all = createMultiStart()
      await all.start([{ start: give, close: () => {} }])
      await all.close()
    },
  ],
  [
    'a close of a multistart',
    async (give) => {
      const all = createMultiStart()
      await all.start([{ start: () => {}, close: give }])
      await all.close()
    },
  ],
  ['closeAll', (give) => closeAll([{ close: give }])],
  [
    'the flush of an exporter',
    async (give) =>
      createScope({ exporters: [{ flush: give as () => Promise<void> }] }).flush(new AbortController().signal),
  ],
]

describe.each(PLACES)('a thenable that is no promise, given by %s', (where, place) => {
  it.each(THENABLES)('ends $ends when it $name', async ({ ends, make }) => {
    const scope = createTestScope()
    let given = 0
    const give = (): PromiseLike<void> => {
      given++
      return make(new Error('the original'))
    }
    const outcome = await outcomeOf(place(give, scope))
    // A flush never rejects: whoever shuts down has nobody left to tell.
    // How often its `then` is looked at is nobody's business.
    if (ends === 'as it likes')
      expect(outcome === 'ok' ? [] : originalsOf(outcome)).toHaveLength(outcome === 'ok' ? 0 : 1)
    else if (ends === 'well' || where === 'the flush of an exporter') expect(outcome).toBe('ok')
    else expect(originalsOf(outcome)).toEqual(['the original'])
    expect([given, vi.getTimerCount()]).toEqual([1, 0])
    const left = scope.events.flatMap((event) => (event.type === 'state' ? [event.state] : [])).at(-1)
    expect(String(left)).not.toMatch(/Starting|Stopping/)
    // A state machine that has only been started is open, as it should be.
    if (where !== 'startOnce') scope.assertNothingLeaked()
  })
})
