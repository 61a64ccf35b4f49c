import { afterEach, describe, expect, it, vi } from 'vitest'
import { createScope, isServiceError, type Logger, type Scope } from '@svc/core'
import { failure, idle, observedScope, outcome, thenable, withThen } from './fixtures/drive.ts'
import { createStateMachine, type StateMachine } from './state-machine.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** What each part of the machine says now; the guards count how often they let a function run. */
async function look(machine: StateMachine): Promise<readonly string[]> {
  return [
    machine.state(),
    await outcome(machine.ifStarted(() => {})),
    await outcome(machine.ifNotStopped(() => {})),
    await outcome((async () => machine.assertStarted())()),
    (machine.readiness() as { code?: string } | null)?.code ?? 'ready',
    (machine.health() as { code?: string } | null)?.code ?? 'healthy',
  ]
}

function up(state: string): readonly string[] {
  return [state, 'ok', 'ok', 'ok', 'ready', 'healthy']
}

function down(state: string, notStopped: string = 'ok'): readonly string[] {
  return [state, `NOT_STARTED(${state})`, notStopped, `NOT_STARTED(${state})`, 'NOT_STARTED', 'NOT_STARTED']
}

describe('the tests of the original', () => {
  it('TestStateMachine_StartOnce_StopOnce', async () => {
    vi.useFakeTimers()
    const log: number[] = []
    const machine = createStateMachine({ name: 'slow service' })
    const started = machine.startOnce(async () => {
      log.push(1)
      await new Promise((resolve) => {
        setTimeout(resolve, 500)
      })
      log.push(2)
    })
    const stopped = machine.stopOnce(() => void log.push(3))
    await vi.advanceTimersByTimeAsync(500)
    expect([await outcome(started), await outcome(stopped), log]).toEqual(['ok', 'ok', [1, 2, 3]])
  })

  it('TestStateMachine_MultipleStartNoBlock', async () => {
    const log: number[] = []
    const gate = Promise.withResolvers<void>()
    const machine = createStateMachine({ name: 'slow service' })
    const started = machine.startOnce(async () => {
      log.push(1)
      await gate.promise
      log.push(2)
    })
    const second = await outcome(machine.startOnce(() => {}))
    log.push(3)
    gate.resolve()
    expect([await outcome(started), second, log]).toEqual(['ok', 'ALREADY_STARTED(Starting)', [1, 3, 2]])
  })

  it('TestStateMachine', async () => {
    const machine = createStateMachine({ name: 'test' })
    const looks = [await look(machine)]
    await machine.startOnce(() => {})
    looks.push(await look(machine))
    await machine.stopOnce(() => {})
    looks.push(await look(machine))
    expect(looks).toEqual([down('Unstarted'), up('Started'), down('Stopped', 'ALREADY_STOPPED(Stopped)')])
  })

  it('TestStateMachine_StartErrors', async () => {
    const machine = createStateMachine({ name: 'test' })
    const cause = new Error('foo')
    expect(await failure(machine.startOnce(() => Promise.reject(cause)))).toBe(cause)
    expect(await look(machine)).toEqual(down('StartFailed'))
    const refusals = [machine.startOnce(() => {}), machine.stopOnce(() => {})].map(failure)
    expect((await Promise.all(refusals)).map(String)).toEqual([
      'ServiceError: Cannot start "test": it has been started once already and is StartFailed',
      'ServiceError: Cannot stop "test": it is StartFailed',
    ])
    expect(await look(machine)).toEqual(down('StartFailed'))
  })

  it('TestStateMachine_StopErrors', async () => {
    const machine = createStateMachine({ name: 'test' })
    const unstarted = await failure(machine.stopOnce(() => {}))
    await machine.startOnce(() => {})
    const cause = new Error('bar')
    expect(await failure(machine.stopOnce(() => Promise.reject(cause)))).toBe(cause)
    expect(await look(machine)).toEqual(down('StopFailed'))
    const refusals = [machine.stopOnce(() => {}), machine.startOnce(() => {})].map(failure)
    expect([unstarted, ...(await Promise.all(refusals))].map(String)).toEqual([
      'ServiceError: Cannot stop "test": it has not been started',
      'ServiceError: Cannot stop "test": it is StopFailed',
      'ServiceError: Cannot start "test": it has been started once already and is StopFailed',
    ])
  })

  it('TestStateMachine_Ready_Healthy', async () => {
    const machine = createStateMachine({ name: 'test' })
    const seen = (): readonly (string | undefined)[] => [machine.readiness()?.message, machine.health()?.message]
    const looks = [seen()]
    await machine.startOnce(() => {})
    looks.push(seen())
    await machine.stopOnce(() => {})
    looks.push(seen())
    const refused = (state: string): string => `Cannot use "test": it is ${state}, not Started`
    expect(looks).toEqual([
      Array(2).fill(refused('Unstarted')),
      [undefined, undefined],
      Array(2).fill(refused('Stopped')),
    ])
  })
})

describe('the example of the original', () => {
  it('state machine by hand', async () => {
    const lines: string[] = []
    const log = (level: string) => (fields: object, message: string) =>
      void lines.push(`${level}\t${(fields as { service: string }).service}\t${message}`)
    const logger: Logger = { debug: log('DEBUG'), info: log('INFO'), warn: log('WARN'), error: log('ERROR') }

    function createByHand(parent: Scope): { start: () => Promise<void>; close: () => Promise<void> } {
      const name = 'StateMachine'
      const machine = createStateMachine({ name, parent })
      return {
        start: () => machine.startOnce(() => parent.logger.info({ service: name }, 'Starting')),
        close: () => machine.stopOnce(() => parent.logger.info({ service: name }, 'Closing')),
      }
    }

    const service = createByHand(createScope({ logger }))
    await service.start()
    await service.close()
    expect(lines).toEqual(['INFO\tStateMachine\tStarting', 'INFO\tStateMachine\tClosing'])
  })
})

describe('createStateMachine()', () => {
  it('has seven states, seen without waiting', async () => {
    const states: string[] = []
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const machine = createStateMachine({ name: 'test' })
    states.push(machine.state())
    const started = machine.startOnce(() => gates[0]?.promise)
    states.push(machine.state())
    gates[0]?.resolve()
    await started
    states.push(machine.state())
    const stopped = machine.stopOnce(() => gates[1]?.promise)
    states.push(machine.state())
    gates[1]?.resolve()
    await stopped
    states.push(machine.state())
    expect(states).toEqual(['Unstarted', 'Starting', 'Started', 'Stopping', 'Stopped'])
  })

  it('starts and stops at once where the functions do', () => {
    const machine = createStateMachine({ name: 'test' })
    const states: string[] = []
    void machine.startOnce(() => void states.push(machine.state()))
    states.push(machine.state())
    void machine.stopOnce(() => void states.push(machine.state()))
    states.push(machine.state())
    expect(states).toEqual(['Starting', 'Started', 'Stopping', 'Stopped'])
  })

  it('names the service in full in every refusal, quoted', async () => {
    const parent = createScope({ name: 'App' })
    for (const name of ['__proto__', 'a.b', 'with "quotes"\n', '😀']) {
      const machine = createStateMachine({ name, parent })
      const error = machine.readiness()
      if (!isServiceError(error, 'NOT_STARTED')) throw new Error('The machine is not supposed to be ready')
      expect([error.service, error.state, error.message]).toEqual([
        `App.${name}`,
        'Unstarted',
        `Cannot use ${JSON.stringify(`App.${name}`)}: it is Unstarted, not Started`,
      ])
    }
  })

  it('refuses what comes after the stop in words that say so', async () => {
    const machine = createStateMachine({ name: 'test' })
    await machine.startOnce(() => {})
    await machine.stopOnce(() => {})
    const refusals = [machine.startOnce(() => {}), machine.stopOnce(() => {}), machine.ifNotStopped(() => {})]
    expect((await Promise.all(refusals.map(failure))).map((error) => (error as Error).message)).toEqual([
      'Cannot start "test": it has been started once already and is Stopped',
      'Cannot stop "test": it has been stopped already',
      'Cannot use "test": it is Stopped, and is not started again',
    ])
  })

  it('hands out one readiness error for each state', async () => {
    const machine = createStateMachine({ name: 'test' })
    const [first, again] = [machine.readiness(), machine.health()]
    await machine.startOnce(() => Promise.reject(new Error('no'))).catch(() => {})
    expect([first === again, first === machine.readiness(), (first as { state?: string }).state]).toEqual([
      true,
      false,
      'Unstarted',
    ])
  })

  it('gives the value of a guarded function, or fails as it does', async () => {
    const machine = createStateMachine({ name: 'test' })
    await machine.startOnce(() => {})
    const cause = new Error('inside')
    const fail = (): never => {
      throw cause
    }
    expect([await machine.ifStarted(() => 1), await machine.ifNotStopped(async () => 2)]).toEqual([1, 2])
    expect([await failure(machine.ifStarted(fail)), await failure(machine.ifNotStopped(async () => fail()))]).toEqual([
      cause,
      cause,
    ])
    expect(await failure(machine.ifStarted(() => Promise.reject('text')))).toBe('text')
    expect(await outcome(machine.stopOnce(() => {}))).toBe('ok')
  })
})

describe('what a transition runs', () => {
  const message = 'it failed'
  const failing: readonly (readonly [string, () => PromiseLike<void> | void])[] = [
    [
      'throws',
      () => {
        throw new Error(message)
      },
    ],
    ['rejects', () => Promise.reject(new Error(message))],
    [
      'rejects late',
      async () => {
        await idle()
        throw new Error(message)
      },
    ],
    [
      'throws text',
      () => {
        throw message as unknown
      },
    ],
    ['gives a thenable that rejects', () => thenable((_, reject) => reject(new Error(message)))],
    [
      'gives a thenable that throws',
      () =>
        thenable(() => {
          throw new Error(message)
        }),
    ],
    [
      'gives a thenable that rejects twice',
      () =>
        thenable((resolve, reject) => {
          reject(new Error(message))
          reject(new Error('again'))
          resolve()
        }),
    ],
    [
      'gives what has a "then" that throws when it is read',
      () =>
        withThen({
          get: () => {
            throw new Error(message)
          },
        }),
    ],
  ]

  it.each(failing)('Mended: a function that %s has failed, and leaves no state behind for ever', async (_, fn) => {
    const starting = createStateMachine({ name: 'test' })
    const stopping = createStateMachine({ name: 'test' })
    await stopping.startOnce(() => {})
    expect([
      await outcome(starting.startOnce(fn)),
      starting.state(),
      await outcome(stopping.stopOnce(fn)),
      stopping.state(),
      await outcome(stopping.ifStarted(() => {})),
    ]).toEqual([message, 'StartFailed', message, 'StopFailed', 'NOT_STARTED(StopFailed)'])
  })

  it('Mended: a throw of what cannot even be looked at is a failure like any other', async () => {
    const machine = createStateMachine({ name: 'test' })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const error = await failure(
      machine.startOnce(() => {
        throw proxy as unknown
      }),
    )
    expect([(error as Error).message, machine.state()]).toEqual([
      'A value that is no error was thrown, and cannot be shown',
      'StartFailed',
    ])
  })

  it('may give a thenable that calls back at once, and twice', async () => {
    const twice = (): PromiseLike<never> =>
      thenable((resolve, reject) => {
        resolve()
        resolve()
        reject(new Error('too late'))
      })
    const machine = createStateMachine({ name: 'test' })
    const outcomes = [
      await outcome(machine.startOnce(twice)),
      await outcome(machine.ifStarted(twice)),
      await outcome(machine.ifNotStopped(twice)),
      await outcome(machine.stopOnce(twice)),
    ]
    expect([outcomes, machine.state()]).toEqual([['ok', 'ok', 'ok', 'ok'], 'Stopped'])
  })

  it('is guarded just so: a guarded function that fails in any of these ways lets a stop go on', async () => {
    const machine = createStateMachine({ name: 'test' })
    await machine.startOnce(() => {})
    const outcomes = await Promise.all(failing.map(([, fn]) => outcome(machine.ifStarted(fn))))
    expect([new Set(outcomes), await outcome(machine.stopOnce(() => {}))]).toEqual([
      new Set([message, undefined]),
      'ok',
    ])
  })
})

describe('the error buffer', () => {
  it('is flushed by health() while started, and only then', async () => {
    const machine = createStateMachine({ name: 'test' })
    machine.errors.append(new Error('early'))
    const before = machine.health()
    await machine.startOnce(() => {})
    const [first, second] = [machine.health(), machine.health()]
    machine.errors.append(new Error('a'))
    machine.errors.append(new Error('b'))
    const both = machine.health()
    expect([isServiceError(before, 'NOT_STARTED'), first?.message, second, both?.message, machine.readiness()]).toEqual(
      [true, 'early', null, 'a\nb', null],
    )
  })

  it('keeps all errors before the start, then the newest 50 of them', async () => {
    const machine = createStateMachine({ name: 'test' })
    for (let i = 0; i < 60; i++) machine.errors.append(new Error(`${i}`))
    await machine.startOnce(() => {})
    const { error, dropped } = machine.errors.flush()
    expect([error?.message.split('\n').length, error?.message.split('\n')[0], dropped]).toEqual([50, '10', 10])
  })

  it('has its cap set by the start: one set before is overwritten, one set in it or later holds', async () => {
    const held = async (
      before: number | undefined,
      inside: number | undefined,
      after: number | undefined,
    ): Promise<number> => {
      const machine = createStateMachine({ name: 'test' })
      if (before !== undefined) machine.errors.setCap(before)
      await machine.startOnce(() => {
        if (inside !== undefined) machine.errors.setCap(inside)
      })
      if (after !== undefined) machine.errors.setCap(after)
      for (let i = 0; i < 100; i++) machine.errors.append(new Error(`${i}`))
      return machine.health()?.message.split('\n').length ?? 0
    }
    const both = [await held(3, undefined, undefined), await held(3, 7, undefined)]
    expect([await held(undefined, undefined, undefined), ...both, await held(undefined, undefined, 9)]).toEqual([
      50, 50, 7, 9,
    ])
  })

  it('tells exporters each error and each flush, as the very errors that come out', async () => {
    const told: unknown[] = []
    const scope = observedScope({ observe: (event) => void (event.type === 'error' && told.push(event.error)) })
    const machine = createStateMachine({ name: 'M', parent: scope })
    await machine.startOnce(() => {
      machine.errors.setCap(1)
    })
    scope.lines.length = 0
    machine.errors.append('text')
    machine.errors.append(new Error('b'))
    const flushed = machine.health()
    machine.health()
    expect([scope.lines, told[1] === flushed]).toEqual([
      ['error App.M: text, 0 dropped', 'error App.M: b, 1 dropped', 'flush App.M: b, 1 dropped'],
      true,
    ])
    machine.errors.append('again')
    expect(machine.health()).toBe(told[2])
  })
})
