import { describe, expectTypeOf, it } from 'vitest'
import type { Awaitable, ErrorBuffer, ServiceState } from '@svc/core'
import { createStateMachine, type Guards, type StateMachine } from './index.ts'

describe('the types', () => {
  it('are those of the design', () => {
    expectTypeOf(createStateMachine).returns.toEqualTypeOf<StateMachine>()
    expectTypeOf<StateMachine>().toExtend<Guards>()
    expectTypeOf<Guards['ifStarted']>().toEqualTypeOf<<T>(fn: () => Awaitable<T>) => Promise<T>>()
    expectTypeOf<Guards['ifNotStopped']>().toEqualTypeOf<<T>(fn: () => Awaitable<T>) => Promise<T>>()
    expectTypeOf<Guards['assertStarted']>().toEqualTypeOf<() => void>()
    expectTypeOf<StateMachine['startOnce']>().toEqualTypeOf<(fn: () => Awaitable<void>) => Promise<void>>()
    expectTypeOf<StateMachine['stopOnce']>().toEqualTypeOf<(fn: () => Awaitable<void>) => Promise<void>>()
    expectTypeOf<StateMachine['state']>().toEqualTypeOf<() => ServiceState>()
    expectTypeOf<StateMachine['readiness']>().toEqualTypeOf<() => Error | null>()
    expectTypeOf<StateMachine['health']>().toEqualTypeOf<() => Error | null>()
    expectTypeOf<Pick<StateMachine, 'errors'>>().toEqualTypeOf<{ readonly errors: ErrorBuffer }>()
  })

  it('give the value of a guarded function', () => {
    const machine = createStateMachine({ name: 'a' })
    expectTypeOf(machine.ifNotStopped(() => 1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(machine.ifNotStopped(async () => 'x')).toEqualTypeOf<Promise<string>>()
  })

  it('take options that are forwarded and not there, and no others', () => {
    expectTypeOf(createStateMachine).toBeCallableWith({ name: 'a', parent: undefined })
    // @ts-expect-error the name is required
    expectTypeOf(createStateMachine).toBeCallableWith({})
    // @ts-expect-error a name is no scope
    expectTypeOf(createStateMachine).toBeCallableWith({ name: 'a', parent: 'App' })
  })
})
