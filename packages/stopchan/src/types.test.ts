import { describe, expectTypeOf, it } from 'vitest'
import { createStopChan, type StopChan, type StopContext, type StopView, stopView } from './index.ts'

describe('the types', () => {
  it('are those of the design', () => {
    expectTypeOf(createStopChan).toEqualTypeOf<() => StopChan>()
    expectTypeOf(stopView).toEqualTypeOf<(signal: AbortSignal) => StopView>()
    expectTypeOf<StopChan>().toExtend<StopView>()
    expectTypeOf<StopChan['close']>().toEqualTypeOf<(reason?: unknown) => void>()
    expectTypeOf<StopView['child']>().returns.toEqualTypeOf<StopContext>()
    expectTypeOf<StopView['bind']>().toEqualTypeOf<(controller: AbortController) => AbortController>()
    expectTypeOf<StopContext>().toExtend<Disposable>()
    expectTypeOf<StopContext['cancel']>().toEqualTypeOf<(reason?: unknown) => void>()
    expectTypeOf<Pick<StopContext, 'signal'>>().toEqualTypeOf<{ readonly signal: AbortSignal }>()
  })

  it('take options that are forwarded and not there', () => {
    expectTypeOf<StopView['child']>().toBeCallableWith({ signal: undefined, timeoutMs: undefined })
    expectTypeOf<StopView['child']>().toBeCallableWith(undefined)
  })

  it('give a view no close', () => {
    expectTypeOf<StopView>().not.toHaveProperty('close')
    // @ts-expect-error a controller is no signal
    expectTypeOf(stopView).toBeCallableWith(new AbortController())
    // @ts-expect-error a time-out is a number
    expectTypeOf<StopView['child']>().toBeCallableWith({ timeoutMs: '1' })
  })
})
