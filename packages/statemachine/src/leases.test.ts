import { describe, expect, it } from 'vitest'
import type { PendingWork } from '@svc/core'
import { outcome } from './fixtures/drive.ts'
import type { Machine } from './machine.ts'
import { createStateMachine } from './state-machine.ts'

/** A machine that has started, and its inside. */
async function started(): Promise<{ machine: ReturnType<typeof createStateMachine>; inside: Machine }> {
  const machine = createStateMachine({ name: 'svc' })
  await machine.startOnce(() => {})
  return { machine, inside: machine as unknown as Machine }
}

function pendingOf(machine: Machine): readonly PendingWork[] {
  const pending: PendingWork[] = []
  machine.knownLeases?.pending('svc', (work) => pending.push(work))
  return pending
}

describe('the guarded functions in flight', () => {
  it('are known by name and age until they have ended', async () => {
    const { machine, inside } = await started()
    const gate = Promise.withResolvers<void>()
    const before = inside.knownLeases
    async function refresh(): Promise<void> {
      await gate.promise
    }
    const calls = [machine.ifStarted(refresh), machine.ifNotStopped(() => gate.promise)]
    void machine.ifStarted(() => 'ended')
    const during = pendingOf(inside)
    gate.resolve()
    await Promise.all(calls)
    expect([before, during.map(({ ageMs, ...rest }) => [rest, ageMs >= 0]), pendingOf(inside)]).toEqual([
      undefined,
      ['refresh', 'guarded function'].map((label) => [
        { service: 'svc', kind: 'lease', label, startedBy: undefined },
        true,
      ]),
      [],
    ])
  })

  it('let a stop go on once they are abandoned, and end later without harm', async () => {
    const { machine, inside } = await started()
    const gate = Promise.withResolvers<void>()
    const guarded = machine.ifStarted(() => gate.promise)
    const stopped = outcome(machine.stopOnce(() => {}))
    inside.knownLeases?.abandon()
    inside.knownLeases?.abandon()
    const during = [await stopped, machine.state(), pendingOf(inside).length]
    gate.resolve()
    expect([during, await outcome(guarded), pendingOf(inside)]).toEqual([['ok', 'Stopped', 1], 'ok', []])
    // The count of readers is right: neither too many hold a stop back nor too few
    expect(inside.lock.tryWrite()).toBe(true)
  })
})

describe('a stop that waits', () => {
  it('can be given up, and lets those go on that waited behind it', async () => {
    const { machine, inside } = await started()
    const gate = Promise.withResolvers<void>()
    const held = machine.ifStarted(() => gate.promise)
    const queued = inside.queueStop(() => {})
    const late = machine.ifStarted(() => 'late')
    const [withdrawn, again] = [queued.withdraw(new Error('gave up')), queued.withdraw(new Error('gave up again'))]
    expect([withdrawn, again, await outcome(queued.ended), await late, machine.state()]).toEqual([
      true,
      false,
      'gave up',
      'late',
      'Started',
    ])
    gate.resolve()
    await held
  })

  it('cannot be given up once its turn has come', async () => {
    const { inside } = await started()
    const queued = inside.queueStop(() => {})
    expect([queued.withdraw(new Error('too late')), await outcome(queued.ended)]).toEqual([false, 'ok'])
  })
})
