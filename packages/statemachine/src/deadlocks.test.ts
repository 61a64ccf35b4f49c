import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import { createScope } from '@svc/core'
import { failure, idle, outcome } from './fixtures/drive.ts'
import { createStateMachine, type StateMachine } from './state-machine.ts'

type Call = (machine: StateMachine) => Promise<unknown>
type Around = (machine: StateMachine, fn: () => PromiseLike<void>) => Promise<unknown>

/** Where the call comes from. */
const AROUND: Readonly<Record<string, Around>> = {
  start: (machine, fn) => machine.startOnce(fn),
  stop: async (machine, fn) => {
    await machine.startOnce(() => {})
    await machine.stopOnce(fn)
  },
  'an ifStarted function': async (machine, fn) => {
    await machine.startOnce(() => {})
    await machine.ifStarted(fn)
  },
  'an ifNotStopped function': (machine, fn) => machine.ifNotStopped(fn),
  'an ifStarted function after a hundred that ended at once': async (machine, fn) => {
    await machine.startOnce(() => {})
    for (let i = 0; i < 100; i++) await machine.ifStarted(() => {})
    await machine.ifStarted(fn)
  },
  'an ifStarted function inside another one': async (machine, fn) => {
    await machine.startOnce(() => {})
    await machine.ifStarted(() => machine.ifStarted(fn))
  },
}

/** When and how, from there. */
const FORMS: Readonly<Record<string, (call: () => Promise<unknown>) => () => PromiseLike<void>>> = {
  'at once': (call) => () => call() as Promise<void>,
  'at once, in an async function': (call) => async () => {
    await call()
  },
  'after an await': (call) => async () => {
    await Promise.resolve()
    await call()
  },
  'after a turn of the event loop': (call) => async () => {
    await idle()
    await call()
  },
  'in a chain of promises': (call) => () =>
    Promise.resolve()
      .then(idle)
      .then(() => call()) as Promise<void>,
  'from a timer': (call) => () =>
    new Promise((resolve, reject) => {
      setTimeout(() => {
        call().then(() => {
          resolve()
        }, reject)
      }, 0)
    }),
}

const CALLS: Readonly<Record<string, Call>> = {
  stopOnce: (machine) => machine.stopOnce(() => {}),
  startOnce: (machine) => machine.startOnce(() => {}),
  ifStarted: (machine) => machine.ifStarted(() => {}),
  ifNotStopped: (machine) => machine.ifNotStopped(() => {}),
}

/** What would not wait for itself: a refusal at once, or a guard inside a guard. */
function expected(around: string, call: string): string {
  if (around === 'an ifNotStopped function') {
    if (call === 'ifStarted') return 'NOT_STARTED(Unstarted)'
    return call === 'ifNotStopped' ? 'ok' : 'DEADLOCK(Unstarted)'
  }
  const state = { start: 'Starting', stop: 'Stopping' }[around] ?? 'Started'
  if (call === 'startOnce') return `ALREADY_STARTED(${state})`
  return state === 'Started' && call !== 'stopOnce' ? 'ok' : `DEADLOCK(${state})`
}

/** The first promise of a plain function whose service has come to be trusted: nobody knows from inside. */
function isBeyondUs(around: string, form: string): boolean {
  return around.includes('hundred') && (form === 'in a chain of promises' || form === 'from a timer')
}

const cases = Object.keys(AROUND).flatMap((around) =>
  Object.keys(FORMS).flatMap((form) =>
    Object.keys(CALLS)
      .filter((call) => call !== 'stopOnce' || !isBeyondUs(around, form))
      .map((call) => ({ around, form, call })),
  ),
)

describe('a call that would wait for its own caller', () => {
  it.each(cases)('is an error and no hang: $call from inside $around, $form', async ({ around, form, call }) => {
    const machine = createStateMachine({ name: 'svc', parent: createScope() })
    const inner: string[] = []
    const calls = CALLS[call] as Call
    const fn = FORMS[form]?.(async () => {
      inner.push(await outcome(calls(machine)))
    }) as () => PromiseLike<void>
    expect([await outcome(AROUND[around]?.(machine, fn) as Promise<unknown>), inner]).toEqual([
      'ok',
      [expected(around, call)],
    ])
  })

  it('names the service and says why', async () => {
    const machine = createStateMachine({ name: 'Pool', parent: createScope({ name: 'App' }) })
    const errors: unknown[] = []
    await machine.startOnce(async () => {
      errors.push(await failure(machine.stopOnce(() => {})), await failure(machine.ifStarted(() => {})))
    })
    const why =
      'the call comes from inside a function that it would wait for (its own start, close or guarded function, or one below it)'
    expect(errors.map((error) => (error as Error).message)).toEqual([
      `Cannot close "App.Pool": ${why}`,
      `Cannot use "App.Pool": ${why}`,
    ])
  })

  it('leaves everything as it was: the transition goes on', async () => {
    const machine = createStateMachine({ name: 'svc' })
    await machine.startOnce(() => machine.stopOnce(() => {}).catch(() => {}))
    await machine.ifStarted(() => machine.stopOnce(() => {}).catch(() => {}))
    expect([machine.state(), await outcome(machine.stopOnce(() => {})), machine.state()]).toEqual([
      'Started',
      'ok',
      'Stopped',
    ])
  })

  it('fails the start that lets the error out', async () => {
    const machine = createStateMachine({ name: 'svc' })
    expect([await outcome(machine.startOnce(() => machine.stopOnce(() => {}))), machine.state()]).toEqual([
      'DEADLOCK(Starting)',
      'StartFailed',
    ])
  })

  it('is seen through the functions of another machine, trusted or not', async () => {
    for (const before of [0, 100]) {
      const parent = createScope()
      const [a, b] = ['A', 'B'].map((name) => createStateMachine({ name, parent })) as [StateMachine, StateMachine]
      await Promise.all([a.startOnce(() => {}), b.startOnce(() => {})])
      for (let i = 0; i < before; i++) await Promise.all([a.ifStarted(() => {}), b.ifStarted(() => {})])
      const stops: Promise<string>[] = []
      await a.ifStarted(() =>
        b.ifStarted(() => {
          stops.push(outcome(a.stopOnce(() => {})), outcome(b.stopOnce(() => {})))
        }),
      )
      expect(await Promise.all(stops)).toEqual(['DEADLOCK(Started)', 'DEADLOCK(Started)'])
    }
  })

  it('is seen in a chain of promises too, once a service has given one in the place of a value', async () => {
    const machine = createStateMachine({ name: 'svc' })
    await machine.startOnce(() => {})
    for (let i = 0; i < 100; i++) await machine.ifStarted(() => {})
    await machine.ifStarted(() => Promise.resolve())
    for (let i = 0; i < 100; i++) await machine.ifStarted(() => {})
    expect(await outcome(machine.ifStarted(() => Promise.resolve().then(() => machine.stopOnce(() => {}))))).toBe(
      'DEADLOCK(Started)',
    )
  })
})

describe('a call that would not', () => {
  it('is let through from work that a start or a guarded function has left running, once that has ended', async () => {
    const parent = createScope()
    const machine = createStateMachine({ name: 'svc', parent })
    // Something else in flight under the same root, so that the async context stays on
    void createStateMachine({ name: 'other', parent }).ifNotStopped(() => new Promise(() => {}))
    const gate = Promise.withResolvers<void>()
    const work: Promise<string>[] = []
    const leave = (): void => {
      work.push(gate.promise.then(() => outcome(machine.ifNotStopped(() => {}))))
      work.push(gate.promise.then(idle).then(() => outcome(machine.stopOnce(() => {}))))
    }
    await machine.startOnce(leave)
    await machine.ifStarted(leave)
    gate.resolve()
    expect((await Promise.all(work)).toSorted()).toEqual(['ALREADY_STOPPED(Stopped)', 'ok', 'ok', 'ok'])
  })

  it('is let through from inside another machine, with the same parent or with none', async () => {
    for (const parent of [undefined, createScope()]) {
      const [a, b] = ['A', 'B'].map((name) => createStateMachine({ name, parent })) as [StateMachine, StateMachine]
      const log: string[] = []
      await a.startOnce(async () => {
        log.push(await outcome(b.startOnce(() => {})))
        log.push(await outcome(b.ifStarted(() => {})))
      })
      await a.stopOnce(async () => {
        log.push(await outcome(b.stopOnce(() => {})))
      })
      expect(log).toEqual(['ok', 'ok', 'ok'])
    }
  })

  it('is let through from outside while a function of the service is in flight', async () => {
    const machine = createStateMachine({ name: 'svc' })
    const gate = Promise.withResolvers<void>()
    const started = machine.startOnce(() => gate.promise)
    const calls = [outcome(machine.stopOnce(() => {})), outcome(machine.ifStarted(() => {}))]
    gate.resolve()
    await started
    expect(await Promise.all(calls)).toEqual(['ok', 'ok'])
  })
})

describe('the price of knowing', () => {
  it('is nothing while nothing is in flight: the async context is switched off', async () => {
    const disable = vi.spyOn(AsyncLocalStorage.prototype, 'disable')
    const machine = createStateMachine({ name: 'svc' })
    const counts: number[] = []
    const gate = Promise.withResolvers<void>()
    const started = machine.startOnce(() => gate.promise)
    counts.push(disable.mock.calls.length)
    gate.resolve()
    await started
    counts.push(disable.mock.calls.length)
    disable.mockRestore()
    expect(counts).toEqual([0, 1])
  })

  it('is no async context for functions that have ended at once for long, unless they are async or nested', async () => {
    const run = vi.spyOn(AsyncLocalStorage.prototype, 'run')
    const parent = createScope()
    const [a, b] = ['A', 'B'].map((name) => createStateMachine({ name, parent })) as [StateMachine, StateMachine]
    for (let i = 0; i < 32; i++) {
      void a.ifNotStopped(() => {})
      void b.ifNotStopped(() => {})
    }
    const machineless = { wait: async (): Promise<void> => {} }
    const counts: number[] = []
    const count = (fn: () => unknown): void => {
      run.mockClear()
      fn()
      counts.push(run.mock.calls.length)
    }
    count(() => a.ifNotStopped(() => {}))
    count(() => a.ifNotStopped(() => void a.ifNotStopped(() => {})))
    count(() => a.ifNotStopped(() => void b.ifNotStopped(() => {})))
    count(() => a.ifNotStopped(async () => {}))
    const detached = machineless.wait.bind(machineless)
    count(() => a.ifNotStopped(detached))
    run.mockRestore()
    expect(counts).toEqual([0, 0, 1, 1, 1])
  })
})
