import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createScope } from '@svc/core'
import { idle, outcome } from './fixtures/drive.ts'
import type { Machine } from './machine.ts'
import { createStateMachine } from './state-machine.ts'

type Gate = PromiseWithResolvers<void>

function gate(): Gate {
  return Promise.withResolvers<void>()
}

/** A machine that notes what runs and how each call ends. */
function logged(): {
  readonly machine: ReturnType<typeof createStateMachine>
  readonly log: string[]
  readonly note: (name: string, call: Promise<unknown>) => void
  readonly hook: (name: string, until?: Gate) => () => Promise<void>
} {
  const log: string[] = []
  return {
    machine: createStateMachine({ name: 'svc' }),
    log,
    note: (name, call) => void outcome(call).then((result) => log.push(`${name}: ${result}`)),
    hook: (name, until) => async () => {
      log.push(`${name} begins`)
      await until?.promise
      if (until !== undefined) log.push(`${name} ends`)
    },
  }
}

describe('the races of a state machine', () => {
  it('makes a stop during a start wait for it', async () => {
    const { machine, log, note, hook } = logged()
    const started = gate()
    note('start', machine.startOnce(hook('start', started)))
    note('stop', machine.stopOnce(hook('stop')))
    await idle()
    log.push('-')
    started.resolve()
    await idle()
    expect(log).toEqual(['start begins', '-', 'start ends', 'stop begins', 'start: ok', 'stop: ok'])
  })

  it('makes a stop during a start that fails wait, then judge what it finds', async () => {
    const { machine, log, note } = logged()
    const started = gate()
    note(
      'start',
      machine.startOnce(() => started.promise),
    )
    note(
      'stop',
      machine.stopOnce(() => {}),
    )
    started.reject(new Error('no'))
    await idle()
    expect(log.toSorted()).toEqual(['start: no', 'stop: CANNOT_STOP(StartFailed)'])
  })

  it('refuses a start during a start and during a stop at once', async () => {
    const { machine, log, note } = logged()
    const [started, stopped] = [gate(), gate()]
    note(
      'first',
      machine.startOnce(() => started.promise),
    )
    note(
      'second',
      machine.startOnce(() => void log.push('never')),
    )
    await idle()
    started.resolve()
    await idle()
    note(
      'stop',
      machine.stopOnce(() => stopped.promise),
    )
    note(
      'third',
      machine.startOnce(() => void log.push('never')),
    )
    await idle()
    stopped.resolve()
    await idle()
    expect(log).toEqual([
      'second: ALREADY_STARTED(Starting)',
      'first: ok',
      'third: ALREADY_STARTED(Stopping)',
      'stop: ok',
    ])
  })

  it('makes the second of two stops wait, then judge the state that it finds', async () => {
    for (const [fails, second] of [
      [false, 'ALREADY_STOPPED(Stopped)'],
      [true, 'CANNOT_STOP(StopFailed)'],
    ] as const) {
      const { machine, log, note } = logged()
      const stopped = gate()
      await machine.startOnce(() => {})
      note(
        'first',
        machine.stopOnce(() => stopped.promise),
      )
      note(
        'second',
        machine.stopOnce(() => void log.push('never')),
      )
      await idle()
      log.push('-')
      if (fails) stopped.reject(new Error('no'))
      else stopped.resolve()
      await idle()
      expect(log).toEqual(['-', `first: ${fails ? 'no' : 'ok'}`, `second: ${second}`])
    }
  })

  it('holds a stop back while guarded functions run, and lets them run beside each other', async () => {
    const { machine, log, note, hook } = logged()
    const [a, b] = [gate(), gate()]
    await machine.startOnce(() => {})
    note('a', machine.ifStarted(hook('a', a)))
    note('b', machine.ifNotStopped(hook('b', b)))
    note('stop', machine.stopOnce(hook('stop')))
    b.resolve()
    await idle()
    log.push(`- ${machine.state()}`)
    a.resolve()
    await idle()
    expect(log).toEqual([
      'a begins',
      'b begins',
      'b ends',
      'b: ok',
      '- Started',
      'a ends',
      'stop begins',
      'a: ok',
      'stop: ok',
    ])
  })

  it('makes new guarded functions wait behind a stop that waits, and judge the state that they find', async () => {
    const { machine, log, note, hook } = logged()
    const [held, stopped] = [gate(), gate()]
    await machine.startOnce(() => {})
    note('held', machine.ifStarted(hook('held', held)))
    note('stop', machine.stopOnce(hook('stop', stopped)))
    note('late', machine.ifStarted(hook('late')))
    note('later', machine.ifNotStopped(hook('later')))
    await idle()
    log.push('-')
    held.resolve()
    await idle()
    stopped.resolve()
    await idle()
    expect(log.slice(0, 4)).toEqual(['held begins', '-', 'held ends', 'stop begins'])
    expect(log.slice(4).toSorted()).toEqual([
      'held: ok',
      'late: NOT_STARTED(Stopped)',
      'later: ALREADY_STOPPED(Stopped)',
      'stop ends',
      'stop: ok',
    ])
  })

  it('lets guarded functions that waited go before the next transition', async () => {
    const { machine, log, note, hook } = logged()
    const [started, held] = [gate(), gate()]
    note('start', machine.startOnce(hook('start', started)))
    note('stop', machine.stopOnce(hook('stop')))
    note('late', machine.ifStarted(hook('late', held)))
    started.resolve()
    await idle()
    log.push(`- ${machine.state()}`)
    held.resolve()
    await idle()
    expect(log).toEqual([
      'start begins',
      'start ends',
      'late begins',
      'start: ok',
      '- Started',
      'late ends',
      'stop begins',
      'late: ok',
      'stop: ok',
    ])
  })

  it('makes a start wait for guarded functions in flight, which it is Starting for already', async () => {
    const { machine, log, note, hook } = logged()
    const held = gate()
    note('held', machine.ifNotStopped(hook('held', held)))
    note('start', machine.startOnce(hook('start')))
    note('late', machine.ifStarted(hook('late')))
    log.push(`- ${machine.state()}`)
    await idle()
    held.resolve()
    await idle()
    expect(log.slice(0, 5)).toEqual(['held begins', '- Starting', 'held ends', 'start begins', 'late begins'])
    expect(log.slice(5).toSorted()).toEqual(['held: ok', 'late: ok', 'start: ok'])
  })

  it('lets a guarded function inside another one run, though a stop waits', async () => {
    const { machine, log, note, hook } = logged()
    const held = gate()
    await machine.startOnce(() => {})
    note(
      'outer',
      machine.ifStarted(async () => {
        await held.promise
        await machine.ifStarted(hook('inner'))
        await machine.ifNotStopped(() => machine.ifStarted(hook('innermost')))
        log.push('outer ends')
      }),
    )
    note('stop', machine.stopOnce(hook('stop')))
    held.resolve()
    await idle()
    expect(log).toEqual(['inner begins', 'innermost begins', 'outer ends', 'stop begins', 'outer: ok', 'stop: ok'])
  })

  it('lets nothing stop the service between assertStarted() and the next await', async () => {
    const { machine, log, note } = logged()
    await machine.startOnce(() => {})
    const use = async (): Promise<void> => {
      await idle()
      machine.assertStarted()
      log.push(machine.state())
    }
    note('use', use())
    await idle()
    note(
      'stop',
      machine.stopOnce(() => {}),
    )
    await idle()
    note('use', use())
    await idle()
    await idle()
    expect(log).toEqual(['Started', 'use: ok', 'stop: ok', 'use: NOT_STARTED(Stopped)'])
  })

  it('ends ten thousand stops that wait, the first one well', async () => {
    const machine = createStateMachine({ name: 'svc' })
    const held = gate()
    await machine.startOnce(() => {})
    void machine.ifStarted(() => held.promise)
    let runs = 0
    const stops = Array.from({ length: 10_000 }, () => outcome(machine.stopOnce(() => void runs++)))
    const guards = Array.from({ length: 10_000 }, () => outcome(machine.ifStarted(() => void runs++)))
    held.resolve()
    const outcomes = await Promise.all(stops)
    expect([runs, outcomes[0], new Set(outcomes.slice(1)), new Set(await Promise.all(guards))]).toEqual([
      1,
      'ok',
      new Set(['ALREADY_STOPPED(Stopped)']),
      new Set(['NOT_STARTED(Stopped)']),
    ])
  })
})

describe('what had to wait', () => {
  it('runs in the context of its own caller', async () => {
    const storage = new AsyncLocalStorage<string>()
    const machine = createStateMachine({ name: 'svc' })
    const log: string[] = []
    const [held, started] = [gate(), gate()]
    const at = (name: string) => () => void log.push(`${name} in ${storage.getStore() ?? 'none'}`)
    const calls = [
      storage.run('A', () => machine.ifNotStopped(() => held.promise)),
      storage.run('B', () =>
        machine.startOnce(async () => {
          at('start')()
          await started.promise
        }),
      ),
      storage.run('C', () => machine.ifStarted(at('guard'))),
      storage.run('D', () => machine.stopOnce(at('stop'))),
    ]
    storage.run('E', () => {
      held.resolve()
    })
    await idle()
    started.resolve()
    await Promise.all(calls)
    expect(log).toEqual(['start in B', 'guard in C', 'stop in D'])
  })

  it.each([
    ['', 0],
    [', when both are trusted to end at once', 100],
  ])('does not come from inside the function that makes way for it%s', async (_, before) => {
    const parent = createScope()
    const [a, b] = ['A', 'B'].map((name) => createStateMachine({ name, parent })) as [
      ReturnType<typeof createStateMachine>,
      ReturnType<typeof createStateMachine>,
    ]
    await Promise.all([a.startOnce(() => {}), b.startOnce(() => {})])
    for (let i = 0; i < before; i++) await Promise.all([a.ifStarted(() => {}), b.ifStarted(() => {})])
    const held = gate()
    // The end of the inner guard lets the stop of A go, which closes B: B waits for the outer guard, which will end
    const guarded = b.ifStarted(async () => {
      await a.ifStarted(() => held.promise)
    })
    const stopped = a.stopOnce(() => b.stopOnce(() => {}))
    held.resolve()
    expect([await outcome(guarded), await outcome(stopped), a.state(), b.state()]).toEqual([
      'ok',
      'ok',
      'Stopped',
      'Stopped',
    ])
  })

  it('does not come from inside a function that ends at once either', async () => {
    const parent = createScope()
    const a = createStateMachine({ name: 'A', parent })
    const b = createStateMachine({ name: 'B', parent })
    await Promise.all([a.startOnce(() => {}), b.startOnce(() => {})])
    for (let i = 0; i < 100; i++) await b.ifStarted(() => {})
    void a.ifStarted(() => new Promise(() => {}))
    const stopped = a.stopOnce(() => b.stopOnce(() => {}))
    // What a deadline does that passes just then: it makes way for the stop of A, which closes B
    await b.ifStarted(() => (a as unknown as Machine).knownLeases?.abandon())
    expect([await outcome(stopped), a.state(), b.state()]).toEqual(['ok', 'Stopped', 'Stopped'])
  })
})
