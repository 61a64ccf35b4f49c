import { describe, expect, it } from 'vitest'
import { createScope } from '@svc/core'
import { failure } from './fixtures/drive.ts'
import { createStateMachine } from './state-machine.ts'

const NO_OBJECTS: readonly (readonly [unknown, string])[] = [
  [undefined, 'undefined'],
  [null, 'null'],
  ['x', '"x"'],
  [1, '1'],
  [() => {}, 'a function'],
]

function thrown(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return 'no error'
}

describe('bad input of createStateMachine()', () => {
  it.each(NO_OBJECTS)('refuses options that are %s', (options, shown) => {
    expect(thrown(() => createStateMachine(options as never))).toEqual(
      new TypeError(`Cannot use the options: expected an object, got ${shown}`),
    )
  })

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['', '""'],
    [1, '1'],
    [{}, 'an object'],
  ])('refuses a name that is %s', (name, shown) => {
    expect(thrown(() => createStateMachine({ name: name as never }))).toEqual(
      new TypeError(`Cannot use option "name": expected a string that is not empty, got ${shown}`),
    )
  })

  const scope = createScope()
  const noScopes: readonly (readonly [unknown, string])[] = [
    ...NO_OBJECTS.slice(1),
    [{}, 'an object'],
    [{ ...scope, id: 1 }, 'an object'],
    [{ ...scope, exporters: null }, 'an object'],
    [{ ...scope, logger: null }, 'an object'],
    [createStateMachine({ name: 'a' }), 'an object'],
  ]
  it.each(noScopes)('refuses a parent that is %s', (parent, shown) => {
    expect(thrown(() => createStateMachine({ name: 'a', parent: parent as never }))).toEqual(
      new TypeError(`Cannot use option "parent": expected a scope (of createScope, or an engine), got ${shown}`),
    )
  })

  it('takes a parent that is forwarded and not there', () => {
    expect(createStateMachine({ name: 'a', parent: undefined }).state()).toBe('Unstarted')
  })
})

describe('bad input of a state machine', () => {
  const methods = [
    ['startOnce', 'the start function'],
    ['stopOnce', 'the stop function'],
    ['ifStarted', 'the guarded function'],
    ['ifNotStopped', 'the guarded function'],
  ] as const
  const noFunctions = [...NO_OBJECTS.slice(0, -1), [{}, 'an object'], [Promise.resolve(), 'a promise']] as const
  const cases = methods.flatMap(([method, what]) => noFunctions.map(([fn, shown]) => ({ method, what, fn, shown })))

  it.each(cases)('rejects $method($shown), and changes nothing', async ({ method, what, fn, shown }) => {
    const machine = createStateMachine({ name: 'a' })
    expect(await failure(machine[method](fn as never))).toEqual(
      new TypeError(`Cannot use ${what}: expected a function, got ${shown}`),
    )
    expect(machine.state()).toBe('Unstarted')
    await machine.startOnce(() => {})
    await failure(machine[method](fn as never))
    expect(machine.state()).toBe('Started')
    await machine.stopOnce(() => {})
  })

  it.each([null, undefined])('refuses to append %s to the errors', (nothing) => {
    const machine = createStateMachine({ name: 'a' })
    expect(
      thrown(() => {
        machine.errors.append(nothing)
      }),
    ).toEqual(new TypeError(`Cannot append an error: expected an error, got ${nothing}`))
  })
})
