import { createScope, emit, type Scope, type ServiceEvent, type ServiceState } from '@svc/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { begin, BEGUN, child, end, move, remove } from './fixtures/program.ts'
import { prometheus } from './index.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The same numbers for the same seed. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const STATES: readonly ServiceState[] = [
  'Unstarted',
  'Started',
  'Starting',
  'StartFailed',
  'Stopping',
  'Stopped',
  'StopFailed',
]

describe.each(clients)('the text that is kept from one scrape to the next, with %s', (_, { Registry }) => {
  it.each([1, 2, 3, 4, 5])('is always what the values say, whatever happens (seed %i)', async (seed) => {
    vi.spyOn(performance, 'now').mockReturnValue(1000)
    const random = createRandom(seed)
    const [registry, twin] = [new Registry(), new Registry()]
    const scope = createScope({
      exporters: [registry, twin].map((registry) => prometheus({ registry, maxServices: 4 })),
    })
    // Merging reads the names, after which the twin's metrics give values, from which the client itself makes the text.
    Registry.merge([twin])
    const sources = [createFakeSource(), createFakeSource({ version: '2' })]
    const ids = ['A', 'B', 'C', 'D', 'E', 'F']
    let live: Scope[] = []
    const one = (): Scope => live[random(live.length)] ?? child(scope, 'A')
    const error = (): Error | null => (random(2) === 0 ? null : new TypeError('x'))
    const happenings: (() => void)[] = [
      () => live.push(child(scope, ids[random(ids.length)] as string)),
      () => {
        const gone = one()
        live = live.filter((it) => it !== gone)
        remove(gone)
      },
      () => move(one(), STATES[random(7)] as ServiceState),
      () => void begin(one(), 'task', 'open', BEGUN + random(1000)),
      () => end(begin(one(), 'tick', `t${random(3)}`), random(400), error()),
      () => end(begin(one(), 'start', '', BEGUN + random(1000)), random(9), error()),
      () => end(begin(one(), 'close'), 1, error()),
      () => emitOf(one(), (scope) => ({ type: 'error', scope, error: new Error('x'), dropped: random(2) })),
      () => emitOf(one(), (scope) => ({ type: 'flush', scope, errors: [], dropped: random(4), at: 0 })),
      () => emitOf(one(), (scope) => ({ type: 'condition', scope, key: 'k', error: null, active: random(5) })),
      () =>
        sources[random(2)]?.poll(scope, Object.fromEntries(ids.filter(() => random(3) > 0).map((id) => [id, error()]))),
      () => sources[random(2)]?.set({ health: new Map([['A', error()]]), checkedAt: random(9) * 1000 }),
      () => [registry, twin].forEach((it) => it.resetMetrics()),
    ]
    const different: [step: number, text: string, values: string][] = []
    for (let step = 0; step < 400; step++) {
      happenings[random(happenings.length)]?.()
      if (random(4) > 0) continue
      const [text, values] = [await registry.metrics(), await twin.metrics()]
      if (text !== values) different.push([step, text, values])
    }
    expect(different).toEqual([])
  })
})

function emitOf(scope: Scope, event: (scope: Scope) => ServiceEvent): void {
  emit(scope, event(scope))
}
