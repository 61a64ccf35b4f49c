import type { Service, ServiceError } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFakeService, createTestScope, type Fault, type FaultPoint } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const settle = async (work: Promise<void>): Promise<string> => {
  let outcome = 'pending'
  work.then(
    () => (outcome = 'ok'),
    (error: ServiceError) => (outcome = ((error.cause as Error | undefined) ?? error).message),
  )
  await vi.advanceTimersByTimeAsync(10)
  return outcome
}

const FAULTS: readonly Fault[] = ['throw', 'reject', 'late', 'hang']

describe('createFakeService()', () => {
  it('does nothing, well, when nothing is to fail', async () => {
    const scope = createTestScope()
    const fake = createFakeService({ name: 'A', parent: scope })
    await fake.start()
    expect([fake.readiness(), [...fake.healthReport()]]).toEqual([null, [['A', null]]])
    await fake.close()
    scope.assertNothingLeaked()
  })

  it.each(FAULTS)('fails its start on demand: %s', async (fault) => {
    const fake = createFakeService({ name: 'A', faults: { start: fault } })
    expect(await settle(fake.start())).toBe(fault === 'hang' ? 'pending' : 'A: fault at start')
  })

  it.each(FAULTS)('fails its close on demand: %s', async (fault) => {
    const fake = createFakeService({ name: 'A', faults: { close: fault } })
    await fake.start()
    expect(await settle(fake.close())).toBe(fault === 'hang' ? 'pending' : 'A: fault at close')
  })

  it.each<[FaultPoint, Fault, string | null]>([
    ['task', 'throw', 'task task: A: fault at task'],
    ['task', 'reject', 'task task: A: fault at task'],
    ['task', 'late', 'task task: A: fault at task'],
    ['task', 'hang', null],
    ['tick', 'throw', 'tick tick: A: fault at tick'],
    ['tick', 'reject', 'tick tick: A: fault at tick'],
    ['tick', 'late', 'tick tick: A: fault at tick'],
    ['tick', 'hang', null],
  ])('fails its %s on demand: %s', async (point, fault, condition) => {
    const fake = createFakeService({ name: 'A', faults: { [point]: fault } })
    await fake.start()
    await vi.advanceTimersByTimeAsync(10)
    expect(fake.healthReport().get('A')?.message ?? null).toBe(condition)
    expect(await settle(fake.close())).toBe(fault === 'hang' ? 'pending' : 'ok')
  })

  it.each(FAULTS)('fails its report on demand: %s', async (fault) => {
    const fake = createFakeService({ name: 'Sub', faults: { report: fault } })
    const app = createFakeService({ name: 'App', subServices: () => [fake] })
    await app.start()
    expect(app.healthReport().get('Sub')?.message).toMatch(fault === 'throw' ? /fault at report/ : /expected a map/)
    expect(app.healthReport().get('App')).toBeNull()
    await vi.advanceTimersByTimeAsync(10)
    await app.close()
  })

  it.each<[unknown, RegExp]>([
    [undefined, /the options/],
    [{ name: '' }, /option "name"/],
    [{ name: 'A', faults: 'all' }, /option "faults"/],
    [{ name: 'A', faults: { stop: 'hang' } }, /a key of option "faults".*"start", "close".*got "stop"/],
    [{ name: 'A', faults: { start: 'explode' } }, /at "start".*got "explode"/],
  ])('refuses %j', (options, message) => {
    expect(() => createFakeService(options as never)).toThrow(message)
  })
})

describe('createTestScope()', () => {
  it('records what exporters are told', async () => {
    const scope = createTestScope()
    const fake = createFakeService({ name: 'A', parent: scope })
    await fake.start()
    await fake.close()
    expect(
      scope.events.map((event) =>
        event.type === 'state' ? event.state : event.type === 'begin' ? event.operation.kind : event.type,
      ),
    ).toEqual(['start', 'Starting', 'Started', 'end', 'close', 'Stopping', 'Stopped', 'end'])
  })

  it.each<[string, FaultPoint, Fault, RegExp | null]>([
    ['a start that hangs', 'start', 'hang', /start "A" of "A" has not ended; "A" is Starting/],
    ['a task that hangs', 'task', 'hang', /task "task" of "A" has not ended/],
    ['a tick that hangs', 'tick', 'hang', /tick "tick" of "A" has not ended/],
    ['a service that nobody closed', 'task', 'throw', /^Cannot end the test: "A" is Started$/],
    ['nothing when the start failed', 'start', 'throw', null],
  ])('names %s', async (_what, point, fault, message) => {
    const scope = createTestScope()
    const fake: Service = createFakeService({ name: 'A', parent: scope, faults: { [point]: fault } })
    await settle(fake.start())
    if (message === null) scope.assertNothingLeaked()
    else {
      expect(() => {
        scope.assertNothingLeaked()
      }).toThrow(message)
    }
  })
})
