import { describe, expect, it } from 'vitest'
import { listenersOf } from './fixtures/listeners.ts'
import { createStopChan } from './stop-chan.ts'
import { stopView } from './stop-view.ts'

function failure(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return 'no error'
}

const NO_OBJECTS: readonly (readonly [unknown, string])[] = [
  [null, 'null'],
  ['x', '"x"'],
  [1, '1'],
  [true, 'true'],
  [() => {}, 'a function'],
]
const NO_SIGNALS: readonly (readonly [unknown, string])[] = [
  ...NO_OBJECTS,
  [{}, 'an object'],
  [new AbortController(), 'an object'],
  [Object.create(AbortSignal.prototype, { aborted: { value: 1 } }), 'an object'],
]

/** Calls with each wrong argument in turn; `expected` says what would have been right. */
function refuses(
  what: string,
  expected: string,
  call: (argument: never) => unknown,
  wrong: readonly (readonly [unknown, string])[],
  type: typeof TypeError | typeof RangeError = TypeError,
): void {
  it.each(wrong)(`refuses ${what} that is %s`, (argument, shown) => {
    const error = failure(() => call(argument as never))
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toBe(`Cannot use ${what}: expected ${expected}, got ${shown}`)
  })
}

const UNDEFINED = [undefined, 'undefined'] as const

describe('bad input of child()', () => {
  const child = (options: never): unknown => createStopChan().child(options)
  refuses('the options', 'an object', child, NO_OBJECTS)
  refuses('option "signal"', 'an AbortSignal', (signal) => child({ signal } as never), NO_SIGNALS)
  refuses('option "timeoutMs"', 'a number', (timeoutMs) => child({ timeoutMs } as never), [
    [null, 'null'],
    ['1', '"1"'],
    [1n, '1'],
  ])
  const noDurations = [
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ] as const
  const wanted = 'a finite number of milliseconds of 0 or more'
  refuses('option "timeoutMs"', wanted, (timeoutMs) => child({ timeoutMs } as never), noDurations, RangeError)

  it('changes nothing before it refuses', () => {
    const { signal } = new AbortController()
    const stop = createStopChan()
    expect(failure(() => stop.child({ signal, timeoutMs: -1 }))).toBeInstanceOf(RangeError)
    expect(listenersOf(signal)).toBe(0)
  })

  it('is refused by a closed chan too', () => {
    const stop = createStopChan()
    stop.close()
    expect(failure(() => stop.child({ timeoutMs: -1 }))).toBeInstanceOf(RangeError)
  })
})

describe('bad input of bind()', () => {
  const bind = (controller: never): unknown => createStopChan().bind(controller)
  refuses('the controller', 'an object', bind, [UNDEFINED, ...NO_OBJECTS])
  const { signal } = new AbortController()
  refuses('the method "abort" of the controller', 'a function', (abort) => bind({ signal, abort } as never), [
    UNDEFINED,
    [true, 'true'],
    [signal, 'an object'],
  ])
  const wrong = [UNDEFINED, ...NO_SIGNALS]
  refuses(
    'the signal of the controller',
    'an AbortSignal',
    (it) => bind({ signal: it, abort: () => {} } as never),
    wrong,
  )
})

describe('bad input of stopView()', () => {
  refuses('the signal', 'an AbortSignal', stopView, [UNDEFINED, ...NO_SIGNALS])
})
