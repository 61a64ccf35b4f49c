import { type Arbitrary, array, assert, constantFrom, nat, option, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listenersOf } from './fixtures/listeners.ts'
import { createStopChan } from './stop-chan.ts'
import type { StopContext } from './stop-node.ts'

const FOREIGN = 3

/** What is done, to the child or the foreign signal of that number. */
interface Step {
  readonly verb: 'child' | 'read' | 'cancel' | 'abort' | 'close'
  readonly at: number
  readonly foreign: number | null
}

const steps: Arbitrary<readonly Step[]> = array(
  record({
    verb: constantFrom<Step['verb'][]>('child', 'child', 'child', 'read', 'read', 'cancel', 'cancel', 'abort', 'close'),
    at: nat({ max: 9 }),
    foreign: option(nat({ max: FOREIGN - 1 })),
  }),
  { maxLength: 40 },
)

/** A child as it ought to be: the reason that came first, or none. */
interface Expected {
  readonly foreign: number | null
  reason: string | undefined
}

describe('a stop chan', () => {
  it('agrees with a model of first reasons and few listeners, whatever is done to it', () => {
    assert(
      property(steps, (program) => {
        const stop = createStopChan()
        const signals = Array.from({ length: FOREIGN }, () => new AbortController())
        const children: StopContext[] = []
        const model: Expected[] = []
        const reasons: (string | undefined)[] = Array.from({ length: FOREIGN })
        let closed: string | undefined
        const endWhere = (reason: string, ends: (it: Expected) => boolean): void => {
          for (const it of model) if (it.reason === undefined && ends(it)) it.reason = reason
        }
        program.forEach(({ verb, at, foreign }, time) => {
          const reason = `${verb} ${time}`
          switch (verb) {
            case 'child':
              children.push(stop.child(foreign === null ? undefined : { signal: signals[foreign]?.signal }))
              model.push({ foreign, reason: closed ?? (foreign === null ? undefined : reasons[foreign]) })
              break
            case 'read':
              void children[at]?.signal
              break
            case 'cancel':
              children[at]?.cancel(reason)
              endWhere(reason, (it) => it === model[at])
              break
            case 'abort':
              signals[at % FOREIGN]?.abort(reason)
              reasons[at % FOREIGN] ??= reason
              endWhere(reason, (it) => it.foreign === at % FOREIGN)
              break
            case 'close':
              stop.close(reason)
              closed ??= reason
              endWhere(reason, () => true)
              break
          }
          const live = signals.map((_, i) => model.some((it) => it.foreign === i && it.reason === undefined))
          const counts = signals.map(({ signal }) => listenersOf(signal))
          const idle = counts.filter((count, i) => count > 0 && live[i] === false).length
          expect(counts.every((count, i) => count <= 1 && (live[i] === false || count === 1))).toBe(true)
          expect(idle).toBeLessThanOrEqual(closed === undefined ? 1 : 0)
        })
        const ends = children.map(({ signal }) => (signal.aborted ? (signal.reason as string) : undefined))
        expect(ends).toEqual(model.map((it) => it.reason))
      }),
      { numRuns: 1000 },
    )
  })
})
