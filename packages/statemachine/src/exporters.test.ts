import { describe, expect, it } from 'vitest'
import { createScope, type Exporter, type Operation } from '@svc/core'
import { idle, observedScope, outcome } from './fixtures/drive.ts'
import { createStateMachine, type StateMachine } from './state-machine.ts'

describe('what exporters are told by a state machine', () => {
  it('is each operation with its states, in order', async () => {
    const scope = observedScope()
    const machine = createStateMachine({ name: 'M', parent: scope })
    await machine.startOnce(() => void scope.lines.push('starting'))
    await machine
      .stopOnce(async () => {
        scope.lines.push('stopping')
        throw new Error('no')
      })
      .catch(() => {})
    expect(scope.lines).toEqual([
      'begin start App.M',
      'App.M: Unstarted -> Starting',
      'starting',
      'App.M: Starting -> Started',
      'end start App.M: ok',
      'begin close App.M',
      'App.M: Started -> Stopping',
      'stopping',
      'App.M: Stopping -> StopFailed',
      'end close App.M: no',
    ])
  })

  it('is nothing for a call that is refused, or that is guarded', async () => {
    const scope = observedScope()
    const machine = createStateMachine({ name: 'M', parent: scope })
    await outcome(machine.stopOnce(() => {}))
    await machine.ifNotStopped(() => {})
    await outcome(machine.ifStarted(() => {}))
    expect(scope.lines).toEqual([])
  })

  it('is the own start as the origin of a close', async () => {
    const operations: Operation[] = []
    const scope = createScope({
      exporters: [{ observe: (event) => void (event.type === 'begin' && operations.push(event.operation)) }],
    })
    const machine = createStateMachine({ name: 'M', parent: scope })
    await machine.startOnce(() => {})
    await machine.stopOnce(() => {})
    const [start, close] = operations
    expect([start?.kind, start?.label, start?.origin, start?.parent]).toEqual(['start', 'M', undefined, undefined])
    expect([close?.kind, close?.origin === start, close?.parent]).toEqual(['close', true, undefined])
  })
})

describe('an exporter that does what it must not', () => {
  const fail = (): never => {
    throw new Error('exporter')
  }
  const rejecting: () => unknown = async () => fail()
  const bad: readonly (readonly [string, Exporter])[] = [
    ['throws in observe', { observe: fail }],
    ['throws in activate', { activate: fail }],
    ['rejects in observe', { observe: rejecting }],
    ['never calls what it is to activate', { activate: () => undefined as never }],
    [
      'calls it twice',
      {
        activate: (_, fn) => {
          fn()
          return fn()
        },
      },
    ],
    [
      'calls it later',
      {
        activate: (_, fn) => {
          setImmediate(fn)
          return undefined as never
        },
      },
    ],
  ]

  it.each(bad)('changes nothing when it %s', async (_, exporter) => {
    const log: string[] = []
    const machine = createStateMachine({ name: 'M', parent: createScope({ exporters: [exporter] }) })
    machine.errors.append(new Error('early'))
    const outcomes = [
      await outcome(machine.startOnce(async () => void log.push('start'))),
      await outcome(machine.ifStarted(() => log.push('guarded'))),
      machine.health()?.message,
      await outcome(
        machine.stopOnce(() => {
          log.push('stop')
          throw new Error('own')
        }),
      ),
    ]
    await idle()
    expect([outcomes, log, machine.state()]).toEqual([
      ['ok', 'ok', 'early', 'own'],
      ['start', 'guarded', 'stop'],
      'StopFailed',
    ])
  })

  it.each(['begin', 'state', 'end'])('finds a start under way when it starts again on "%s"', async (type) => {
    const log: string[] = []
    const again: Promise<string>[] = []
    const machine: StateMachine = createStateMachine({
      name: 'M',
      parent: createScope({
        exporters: [
          {
            observe: (event) => {
              if (event.type === type) again.push(outcome(machine.startOnce(() => void log.push('second'))))
            },
          },
        ],
      }),
    })
    const first = await outcome(machine.startOnce(() => void log.push('first')))
    const refusals = new Set((await Promise.all(again)).map((it) => it.replace(/\(.*/, '')))
    expect([first, log, refusals, machine.state()]).toEqual(['ok', ['first'], new Set(['ALREADY_STARTED']), 'Started'])
  })

  it.each(['begin', 'state'])('stops after the start when it stops on its "%s"', async (type) => {
    const log: string[] = []
    const stops: Promise<string>[] = []
    const machine: StateMachine = createStateMachine({
      name: 'M',
      parent: createScope({
        exporters: [
          {
            observe: (event) => {
              if (event.type === type && stops.length === 0) {
                stops.push(outcome(machine.stopOnce(() => void log.push('stop'))))
              }
            },
          },
        ],
      }),
    })
    const started = await outcome(machine.startOnce(() => void log.push('start')))
    expect([started, await Promise.all(stops), log, machine.state()]).toEqual([
      'ok',
      ['ok'],
      ['start', 'stop'],
      'Stopped',
    ])
  })
})
