import { createScope, type Scope, type Service, sleep } from '@svc/core'
import { createServiceEngine, type Engine } from '@svc/engine'
import { createMultiStart } from '@svc/multistart'
import { createStateMachine } from '@svc/statemachine'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { codesOf, outcomeOf } from './outcome.ts'
import { stateOf } from './state-of.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

type Close = () => Promise<void>
type Step = (close: Close) => Promise<void>

/** How a step may come to call the close that it is a part of. */
const WAYS: readonly (readonly [string, Step])[] = [
  ['at once', (close) => close()],
  [
    'after an await',
    async (close) => {
      await Promise.resolve()
      await close()
    },
  ],
  ['in a then', (close) => Promise.resolve().then(close)],
  ['after a timer', (close) => sleep(10).then(close)],
  ['in a new promise', (close) => new Promise((resolve, reject) => void close().then(resolve, reject))],
  ['beside other work', async (close) => void (await Promise.all([sleep(5), close()]))],
  ['in a guarded function that it awaits', (close) => Promise.resolve().then(() => close())],
]

/** One of the places that a close waits for: runs `step` there, and gives back what ends when that has. */
type Place = (scope: Scope, step: Step) => Promise<unknown>

/** A tree three deep, `A.B.C`, whose own steps are given by name. */
function makeTree(scope: Scope, steps: Readonly<Record<string, (() => Promise<void>) | undefined>>): Chain {
  const names = ['A', 'B', 'C']
  const services: Service[] = []
  const engines: Engine[] = []
  const make = (depth: number, parent: Scope): Service => {
    const name = names[depth] as string
    const { service, engine } = createServiceEngine({
      name,
      parent,
      subServices: (inside) => (depth + 1 < names.length ? [make(depth + 1, inside)] : []),
      start: () => steps[`start ${name}`]?.(),
      close: () => steps[`close ${name}`]?.(),
    })
    services[depth] = service
    engines[depth] = engine
    return service
  }
  make(0, scope)
  return { services, engines }
}

interface Chain {
  readonly services: readonly Service[]
  readonly engines: readonly Engine[]
}

const at = <T>(list: readonly T[], index: number): T => list[index] as T

/** Closes service `target` of the tree from inside the start, close or guarded function of service `from`. */
function inTree(kind: 'start' | 'close' | 'guard', from: number, target: number): Place {
  return async (scope, step) => {
    const own = (): Promise<void> => step(() => at(tree.services, target).close())
    const name = at(['A', 'B', 'C'], from)
    const tree: Chain = makeTree(scope, kind === 'guard' ? {} : { [`${kind} ${name}`]: own })
    const starting = at(tree.services, 0).start()
    if (kind === 'start') return starting
    await starting
    if (kind === 'close') return at(tree.services, 0).close()
    return at(tree.engines, from).ifStarted(own)
  }
}

const PLACES: readonly (readonly [string, Place])[] = [
  [
    'the start of a bare state machine',
    (scope, step) => {
      const machine = createStateMachine({ name: 'M', parent: scope })
      return machine.startOnce(() => step(() => machine.stopOnce(() => {})))
    },
  ],
  [
    'the stop of a bare state machine',
    async (scope, step) => {
      const machine = createStateMachine({ name: 'M', parent: scope })
      await machine.startOnce(() => {})
      await machine.stopOnce(() => step(() => machine.stopOnce(() => {})))
    },
  ],
  [
    'ifStarted of a bare state machine',
    async (scope, step) => {
      const machine = createStateMachine({ name: 'M', parent: scope })
      await machine.startOnce(() => {})
      await machine.ifStarted(() => step(() => machine.stopOnce(() => {})))
    },
  ],
  [
    'ifNotStopped of a bare state machine, before it has started',
    async (scope, step) => {
      const machine = createStateMachine({ name: 'M', parent: scope })
      await machine.ifNotStopped(() => step(() => machine.stopOnce(() => {})))
    },
  ],
  [
    'a start of a multistart',
    (_, step) => {
      const all = createMultiStart()
      return all.start([{ start: () => step(() => all.close()), close: () => {} }])
    },
  ],
  [
    'a close of a multistart',
    async (_, step) => {
      const all = createMultiStart()
      await all.start([{ start: () => {}, close: () => step(() => all.close()) }])
      await all.close()
    },
  ],
  ...[0, 1, 2].flatMap((from) =>
    [0, 1, 2].flatMap((target): [string, Place][] =>
      // What is below is either not started yet or closed already: it need not wait, and is told so.
      target > from
        ? []
        : (['start', 'close', 'guard'] as const).map((kind) => [
            `the ${kind === 'guard' ? 'guarded function' : kind} of level ${from} of a tree, of level ${target}`,
            inTree(kind, from, target),
          ]),
    ),
  ),
]

describe.each(PLACES)('a close awaited from inside %s', (_, place) => {
  it.each(WAYS)('is an error that says so, never a hang: %s', async (_way, step) => {
    const outcome = await outcomeOf(place(createScope(), step))
    expect(codesOf(outcome)).toContain('DEADLOCK')
    await vi.advanceTimersByTimeAsync(10)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a close awaited from inside a task', () => {
  const place = (scope: Scope, step: Step): { outcome: Promise<void>; chain: Chain } => {
    const chain = makeTree(scope, {})
    const outcome = at(chain.services, 0)
      .start()
      .then(
        () =>
          new Promise<void>((resolve, reject) => {
            at(chain.engines, 2).go(() => step(() => at(chain.services, 0).close()).then(resolve, reject), {
              label: 'suicide',
            })
          }),
      )
    return { outcome, chain }
  }

  it.each(WAYS)('fails at once where the scope detects it: %s', async (_way, step) => {
    const { outcome, chain } = place(createScope({ detectSelfClose: true }), step)
    expect(codesOf(await outcomeOf(outcome))).toContain('DEADLOCK')
    expect(await outcomeOf(at(chain.services, 0).close())).toBe('ok')
  })

  it.each(WAYS)('waits for its deadline otherwise, which names the task: %s', async (_way, step) => {
    const { outcome, chain } = place(createScope(), step)
    expect(await outcomeOf(outcome, 1000)).toBe('hangs')
    expect(stateOf(at(chain.services, 0))).toBe('Stopping')
    const controller = new AbortController()
    const second = at(chain.services, 0).close(controller.signal)
    controller.abort(new Error('enough'))
    expect(await outcomeOf(second)).toMatchObject({ code: 'TIMEOUT', pending: [{ kind: 'task', label: 'suicide' }] })
  })
})
