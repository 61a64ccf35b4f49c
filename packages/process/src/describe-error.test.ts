import { joinErrors, ServiceError } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { describeError } from './describe-error.ts'

describe('describeError()', () => {
  const one = new Error('one')
  const two = new Error('two', { cause: new Error('why') })
  const cases: [string, unknown, string][] = [
    ['a plain error', one, 'one'],
    ['its causes', two, 'two: why'],
    ['an AggregateError without a message', new AggregateError([one, two]), 'one; two: why'],
    ['an AggregateError with one', new AggregateError([one], 'Cannot stop'), 'Cannot stop: one'],
    ['a joined error, without saying its parts twice', joinErrors([one, two]), 'one; two: why'],
    ['joined errors inside', new AggregateError([new AggregateError([one]), two]), 'one; two: why'],
    ['an empty AggregateError', new AggregateError([]), 'AggregateError'],
    ['an error without a message', new TypeError(''), 'TypeError'],
    ['a message of several lines', new Error('a\nb'), 'a; b'],
    ['a cause that the message has already', new Error('cannot: one', { cause: one }), 'cannot: one'],
    ['what is no error', 'thrown', 'thrown'],
    ['undefined', undefined, 'A value that is no error was thrown: undefined'],
  ]

  it.each(cases)('says %s', (_, error, expected) => {
    expect(describeError(error)).toBe(expected)
  })

  it('says what had not ended when a deadline passed, once', () => {
    const pending = [
      { service: 'App.Db', kind: 'task', label: 'vacuum', ageMs: 1.6, startedBy: 'at db.ts:7' },
      { service: 'App', kind: 'close', label: 'close', ageMs: 3, startedBy: undefined },
    ] as const
    const message = 'Cannot close "App" in time'
    expect(describeError(new ServiceError(message, { code: 'TIMEOUT', service: 'App', pending }))).toBe(
      'Cannot close "App" in time (still running: task "vacuum" of "App.Db" for 2 ms, started by at db.ts:7)',
    )
  })

  it('ends for a cycle, a deep chain and a crowd', () => {
    const cycle = new Error('cycle')
    cycle.cause = cycle
    let deep = new Error('bottom')
    for (let i = 0; i < 10_000; i++) deep = new Error('deep', { cause: deep })
    const crowd = new AggregateError(Array.from({ length: 1000 }, (_, i) => new Error(`e${i}`)))
    expect([
      describeError(cycle),
      describeError(deep).length < 1000,
      describeError(crowd).endsWith('; e19; and 980 more'),
    ]).toEqual(['cycle', true, true])
  })
})
