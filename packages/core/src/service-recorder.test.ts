import { describe, expect, it } from 'vitest'
import { ChildScope } from './child-scope.ts'
import type { Operation, ServiceEvent } from './events.ts'
import { HealthView } from './health-view.ts'
import { OnceLog } from './once-log.ts'
import { type Account, OTHER, ServiceLedger } from './service-ledger.ts'
import { createServiceRecorder } from './service-recorder.ts'

function createAccount(log: string[]): Account {
  return {
    scoped: false,
    errors: 0,
    dropped: 0,
    startFailed: (type) => log.push(`start failed: ${type}`),
    closeFailed: (type) => log.push(`close failed: ${type}`),
    transitioned: (to) => log.push(`to ${to}`),
    watch: () => log.push('watched'),
    unwatch: () => log.push('not watched'),
  }
}

function createWorld() {
  const log: string[] = []
  class Ledger extends ServiceLedger<Account> {
    readonly other = createAccount(log)
    protected open(id: string): Account {
      return id === OTHER ? this.other : createAccount(log)
    }
  }
  const scope = new ChildScope('A', undefined)
  const services = new Ledger(10, new OnceLog())
  const { observe, revisions } = createServiceRecorder(services, new HealthView(() => {}), {
    tickBegan: (_live, { label }, seconds) => log.push(`${label} ${seconds} s late`),
    taskEnded: (_live, { label }, seconds, endedAt) => log.push(`${label} took ${seconds} s until ${endedAt}`),
    checked: (_event, seconds) => log.push(`checked in ${seconds} s`),
  })

  function operate(kind: Operation['kind'], error: Error | null, lateMs?: number): void {
    const operation = { kind, scope, label: kind, parent: undefined, origin: undefined, startedAt: 2000, lateMs }
    observe({ type: 'begin', operation })
    log.push(`${services.live(scope).inFlight} in flight`)
    observe({ type: 'end', operation, error, endedAt: 2500 })
  }

  function poll(previous: Error | null | undefined, current: Error | null | undefined): void {
    const source = { snapshot: () => ({}) as never }
    const changes = [{ name: 'A', previous, current }]
    observe({ type: 'health', scope, source, changes, startedAt: 10, endedAt: 5 })
  }

  function takeLog(): string[] {
    return log.splice(0)
  }

  return { scope, live: services.live(scope), observe, operate, poll, revisions, takeLog }
}

describe('createServiceRecorder()', () => {
  it('measures tasks and ticks, and counts those in flight', () => {
    const { live, operate, revisions, takeLog } = createWorld()
    operate('task', new Error('x'))
    operate('tick', null, 30)
    expect(takeLog()).toEqual([
      '1 in flight',
      'task took 0.5 s until 2500',
      'tick 0.03 s late',
      '1 in flight',
      'tick took 0.5 s until 2500',
    ])
    expect(live).toMatchObject({ inFlight: 0, startedAt: undefined, startSeconds: undefined })
    expect(revisions).toMatchObject({ inFlight: 4, taskDuration: 2, lateness: 1, startTime: 0 })
  })

  it('tells starts and closes that failed, and when the start was', () => {
    const { live, operate, revisions, takeLog } = createWorld()
    for (const kind of ['start', 'close', 'wait', 'drain'] as const) operate(kind, new RangeError('x'))
    operate('start', null)
    operate('close', null)
    expect(takeLog().filter((line) => !line.startsWith('0'))).toEqual([
      'start failed: RangeError',
      'close failed: RangeError',
    ])
    expect(live).toMatchObject({ startedAt: 2, startSeconds: 0.5 })
    expect(revisions).toMatchObject({ startTime: 2, startDuration: 2, startFailures: 1, closeFailures: 1, inFlight: 0 })
  })

  it('counts each dropped error once, whether its append told of it or its flush', () => {
    const { live, scope, observe } = createWorld()
    const error = new Error('x')
    const dropped: number[] = []
    const tell = (event: ServiceEvent): void => {
      observe(event)
      dropped.push(live.account.dropped)
    }
    for (const more of [0, 1, 1]) tell({ type: 'error', scope, error, dropped: more })
    for (const all of [5, 2, 0]) tell({ type: 'flush', scope, errors: [], dropped: all, at: 0 })
    expect([dropped, live.account.errors]).toEqual([[0, 1, 2, 5, 7, 7], 3])
  })

  it('counts a change between healthy and unhealthy, not a coming or a going', () => {
    const { poll, takeLog } = createWorld()
    const red = new Error('x')
    const changesOf = (previous: Error | null | undefined, current: Error | null | undefined): string[] => {
      poll(previous, current)
      return takeLog().slice(1)
    }
    expect(changesOf(undefined, red)).toEqual(['watched'])
    expect(changesOf(red, new Error('y'))).toEqual([])
    expect(changesOf(red, null)).toEqual(['to healthy'])
    expect(changesOf(null, red)).toEqual(['to unhealthy'])
    expect(changesOf(red, undefined)).toEqual(['not watched'])
  })

  it('takes no time for negative when the clock goes back', () => {
    const { poll, takeLog } = createWorld()
    poll(undefined, null)
    expect(takeLog()).toEqual(['checked in 0 s', 'watched'])
  })

  it('keeps the last state and the number of conditions', () => {
    const { live, scope, observe } = createWorld()
    observe({ type: 'state', scope, previous: 'Unstarted', state: 'Started', at: 0 })
    observe({ type: 'condition', scope, key: 'k', error: new Error('x'), active: 4 })
    expect(live).toMatchObject({ state: 1, conditions: 4 })
  })
})
