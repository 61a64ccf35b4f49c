import { type Arbitrary, array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idle, outcome } from './fixtures/drive.ts'
import { createStateMachine } from './state-machine.ts'

const GATES = 3

interface Step {
  readonly verb: 'start' | 'stop' | 'ifStarted' | 'ifNotStopped' | 'many' | 'release'
  readonly hook: 'ok' | 'fail' | 'ok later' | 'fail later' | 'gate' | 'gatefail'
  readonly gate: number
}

const steps: Arbitrary<readonly Step[]> = array(
  record({
    verb: constantFrom<Step['verb'][]>(
      'start',
      'stop',
      'ifStarted',
      'ifStarted',
      'ifNotStopped',
      'many',
      'release',
      'release',
    ),
    hook: constantFrom<Step['hook'][]>('ok', 'fail', 'ok later', 'fail later', 'gate', 'gate', 'gate', 'gatefail'),
    gate: nat({ max: GATES - 1 }),
  }),
  { maxLength: 25 },
)

interface Work {
  readonly id: string
  readonly verb: 'start' | 'stop' | 'ifStarted' | 'ifNotStopped'
  readonly hook: Step['hook']
  readonly gate: number
}

/** The original's state machine as its documents have it: a fair read-write lock, and judgement after the wait. */
class Model {
  state = 'Unstarted'
  ended: string[] = []
  private readonly open = new Set<number>()
  private readonly inside = new Set<Work>()
  private readonly writers: Work[] = []
  private readers: Work[] = []

  begin(work: Work): void {
    const isGuard = work.verb === 'ifStarted' || work.verb === 'ifNotStopped'
    if (work.verb === 'start') {
      if (this.state !== 'Unstarted') {
        this.ended.push(`${work.id} ALREADY_STARTED(${this.state})`)
        return
      }
      this.state = 'Starting'
    }
    if (!isGuard) this.writers.push(work)
    else if (this.isWriting() || this.writers.length > 0) this.readers.push(work)
    else this.run(work)
    this.admit()
  }

  release(gate: number): void {
    this.open.add(gate)
    for (const work of this.inside) if (work.hook.startsWith('gate') && work.gate === gate) this.end(work)
    this.admit()
  }

  private isWriting(): boolean {
    return [...this.inside].some(({ verb }) => verb === 'start' || verb === 'stop')
  }

  private admit(): void {
    while (this.inside.size === 0) {
      const next = this.writers.shift()
      if (next === undefined) return
      this.run(next)
    }
  }

  private refusal({ verb }: Work): string | undefined {
    if (verb === 'ifStarted' && this.state !== 'Started') return 'NOT_STARTED'
    if (verb === 'ifNotStopped' && this.state === 'Stopped') return 'ALREADY_STOPPED'
    if (verb !== 'stop' || this.state === 'Started') return undefined
    if (this.state === 'Unstarted') return 'CANNOT_STOP_UNSTARTED'
    return this.state === 'Stopped' ? 'ALREADY_STOPPED' : 'CANNOT_STOP'
  }

  private run(work: Work): void {
    this.inside.add(work)
    const refusal = this.refusal(work)
    if (refusal !== undefined) {
      this.leave(work, `${refusal}(${this.state})`)
      return
    }
    if (work.verb === 'stop') this.state = 'Stopping'
    if (!work.hook.startsWith('gate') || this.open.has(work.gate)) this.end(work)
  }

  private end(work: Work): void {
    const failed = work.hook.includes('fail')
    if (work.verb === 'start') this.state = failed ? 'StartFailed' : 'Started'
    if (work.verb === 'stop') this.state = failed ? 'StopFailed' : 'Stopped'
    this.leave(work, failed ? 'failed' : 'ok')
  }

  private leave(work: Work, result: string): void {
    this.ended.push(`${work.id} ${result}`)
    this.inside.delete(work)
    if (work.verb === 'ifStarted' || work.verb === 'ifNotStopped') return
    const { readers } = this
    this.readers = []
    for (const reader of readers) this.run(reader)
  }
}

function isMany(verb: Step['verb']): verb is 'many' {
  return verb === 'many'
}

describe('a state machine', () => {
  it('agrees with a model of the original, whatever is done to it', async () => {
    await assert(
      asyncProperty(steps, async (program) => {
        const gates = Array.from({ length: GATES }, () => Promise.withResolvers<void>())
        const machine = createStateMachine({ name: 'svc' })
        const model = new Model()
        let ended: string[] = []
        const fail = (): never => {
          throw new Error('failed')
        }
        const begin = (work: Work): void => {
          const { id, verb, hook, gate } = work
          const hooks: Readonly<Record<Step['hook'], () => PromiseLike<void> | void>> = {
            ok: () => {},
            fail,
            'ok later': () => Promise.resolve(),
            'fail later': () => Promise.reject(new Error('failed')),
            gate: () => gates[gate]?.promise,
            gatefail: () => gates[gate]?.promise.then(fail),
          }
          const method = ({ start: 'startOnce', stop: 'stopOnce' } as const)[verb as 'start'] ?? verb
          void outcome(machine[method](hooks[hook])).then((result) => ended.push(`${id} ${result}`))
          model.begin(work)
        }
        const compare = async (): Promise<void> => {
          await idle()
          expect([ended.toSorted(), machine.state()]).toEqual([model.ended.toSorted(), model.state])
          ended = []
          model.ended = []
        }
        for (const [time, { verb, hook, gate }] of program.entries()) {
          if (verb === 'release') {
            gates[gate]?.resolve()
            model.release(gate)
          } else if (isMany(verb)) {
            // So that guarded functions come to be trusted to end at once
            for (let i = 0; i < 40; i++) begin({ id: `${time}.${i}`, verb: 'ifNotStopped', hook: 'ok', gate })
          } else {
            begin({ id: `${time}`, verb, hook, gate })
          }
          await compare()
        }
        for (const [gate, { resolve }] of gates.entries()) {
          resolve()
          model.release(gate)
        }
        await compare()
      }),
      { numRuns: 400 },
    )
  }, 30_000)
})
