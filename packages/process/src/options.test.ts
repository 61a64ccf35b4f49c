import { createScope, type StartClose } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { createFakeHost, createLogged } from './fixtures/fakes.ts'
import type { RunOptions } from './options.ts'
import { runServiceIn } from './run.ts'

describe('runService()', () => {
  const log: string[] = []
  const service = createLogged('App', log)
  const scope = createScope()
  const bare = { ...scope, flush: undefined }
  // oxlint-disable-next-line no-sparse-arrays -- a hole is what is tested
  const holey = [service, , service]
  const cases: [string, unknown, unknown, RegExp][] = [
    ['no service', undefined, { scope }, /Cannot use the service: expected an object, got undefined/],
    ['a function as service', () => {}, { scope }, /the service: expected an object, got a function/],
    [
      'a service without start',
      { close: () => {} },
      { scope },
      /the method "start" of the service: expected a function/,
    ],
    [
      'a service without close',
      { start: () => {} },
      { scope },
      /the method "close" of the service: expected a function/,
    ],
    ['no options', service, undefined, /the options: expected an object, got undefined/],
    ['no scope', service, {}, /option "scope": expected a scope/],
    ['a scope that is no root', service, { scope: bare }, /"flush" of option "scope" \(a root scope, of createScope\)/],
    [
      'around that is no array',
      service,
      { scope, around: service },
      /option "around": expected an array, got an object/,
    ],
    ['a wrong entry of around', service, { scope, around: [service, {}] }, /"start" of entry 2 of option "around"/],
    ['a hole in around', service, { scope, around: holey }, /entry 2 of option "around": expected an object/],
    ['a signal that is none', service, { scope, signal: {} }, /option "signal": expected an AbortSignal/],
    ['a grace as text', service, { scope, graceMs: '25' }, /option "graceMs": expected a number, got "25"/],
  ]

  it.each(cases)('refuses %s, before anything has changed', async (_, given, options, message) => {
    const host = createFakeHost(log)
    const run = runServiceIn(host, given as StartClose, options as RunOptions)
    await expect(run).rejects.toThrow(TypeError)
    await expect(run).rejects.toThrow(message)
    expect([log, host.count(), scope.draining.aborted]).toEqual([[], 0, false])
  })

  it.each(['graceMs', 'drainDelayMs', 'flushMs'])('refuses a %s that is no duration', async (name) => {
    const host = createFakeHost(log)
    for (const value of [Number.NaN, -1, Infinity]) {
      const run = runServiceIn(host, service, { scope, [name]: value })
      await expect(run).rejects.toThrow(RangeError)
      await expect(run).rejects.toThrow(
        `Cannot use option "${name}": expected a finite number of milliseconds of 0 or more`,
      )
    }
    expect([log, host.count()]).toEqual([[], 0])
  })

  it.each([1000, 2000])('refuses a drain delay of %s that leaves nothing of the grace', async (drainDelayMs) => {
    const run = runServiceIn(createFakeHost(), service, { scope, graceMs: 1000, drainDelayMs })
    await expect(run).rejects.toThrow(RangeError)
    await expect(run).rejects.toThrow(/expected less than the 1000 of "graceMs"/)
  })
})
