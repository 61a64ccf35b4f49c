import { createScope } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createFakeHost,
  createGate,
  createLogged,
  createLoggedScope,
  createRig,
  facts,
  hang,
  settle,
} from './fixtures/fakes.ts'
import { runServiceIn } from './run.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('runService()', () => {
  describe('in order', () => {
    it('starts around first, and stops in reverse, draining before the closes and flushing after them', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App'), { around: [logged('Checker'), logged('Admin')] })
      await settle()
      host.emitter.emit('SIGTERM')
      expect([await ended, facts(log)]).toEqual([
        0,
        [
          'start Checker',
          'start Admin',
          'start App',
          'draining',
          'close App',
          'close Admin',
          'close Checker',
          'flush',
          'exitCode 0',
        ],
      ])
    })

    it('has service and state in every line', async () => {
      const lines: unknown[] = []
      const write = (fields: object, message: string): void => {
        const { service, state } = fields as { readonly service?: unknown; readonly state?: unknown }
        lines.push([message, service, state])
      }
      const scope = createLoggedScope([], {}, { info: write, warn: write, error: write })
      const host = createFakeHost()
      const ended = runServiceIn(host, createLogged('App', []), {
        scope,
        around: [createLogged('Admin', [], { close: () => Promise.reject(new Error('open')) })],
        drainDelayMs: 500,
      })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(500)
      await ended
      const failing = { start: () => Promise.reject(new Error('port')) }
      await runServiceIn(createFakeHost(), createLogged('App', [], failing), { scope })
      expect(lines).toEqual([
        ['Started in 0 ms', 'App', 'Started'],
        ['Stopping: SIGTERM', 'App', 'Started'],
        ['Draining for 500 ms', 'App', 'Started'],
        ['Closed "App"', 'App', 'Stopped'],
        ['Cannot close "Admin": open', 'Admin', 'StopFailed'],
        ['Ended with exit code 1', 'App', 'StopFailed'],
        ['Cannot start "App": port', 'App', 'StartFailed'],
        ['Ended with exit code 1', 'App', 'StartFailed'],
      ])
    })

    it('says one line a step', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App'), { around: [logged('Admin')], drainDelayMs: 500 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(500)
      await ended
      expect(log.filter((line) => /^(?:info|warn|error)/.test(line))).toEqual([
        'info Started in 0 ms',
        'info Stopping: SIGTERM',
        'info Draining for 500 ms',
        'info Closed "App"',
        'info Closed "Admin"',
        'info Ended with exit code 0',
      ])
    })

    it('is draining in the same turn as the signal', async () => {
      const { host, run, logged, scope } = createRig()
      const ended = run(logged('App'))
      await settle()
      host.emitter.emit('SIGINT')
      expect(scope.draining.aborted).toBe(true)
      expect(await ended).toBe(0)
    })

    it('goes on serving for the drain delay, as an operation, and then closes with what is left of the budget', async () => {
      const observed: string[] = []
      const { log, host, run, logged } = createRig({
        observe: (event) => {
          if (event.type === 'begin' || event.type === 'end')
            observed.push(`${event.type} ${event.operation.kind} ${event.operation.label}`)
        },
      })
      const ended = run(logged('App', { close: hang }), { drainDelayMs: 400, graceMs: 1000 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(399)
      expect(facts(log)).toEqual(['start App', 'draining'])
      await vi.advanceTimersByTimeAsync(1)
      expect(facts(log)).toEqual(['start App', 'draining', 'close App'])
      await vi.advanceTimersByTimeAsync(702)
      expect([await ended, observed]).toEqual([1, ['begin drain App', 'end drain App']])
    })

    it('takes services that end synchronously, and thenables that are no promises', async () => {
      const { host, run } = createRig()
      const thenable = {
        // oxlint-disable-next-line unicorn/no-thenable -- that it has one is what is tested
        then: (resolve: () => void) => {
          resolve()
        },
      } as PromiseLike<void>
      const ended = run({ start: () => thenable, close: () => {} })
      await settle()
      host.emitter.emit('SIGTERM')
      expect(await ended).toBe(0)
    })

    it('holds the process while it runs, with a timer that it takes back', async () => {
      const { host, run, logged } = createRig()
      const ended = run(logged('App'), { signal: new AbortController().signal })
      await settle()
      expect(vi.getTimerCount()).toBe(1)
      host.emitter.emit('SIGTERM')
      await ended
      expect([vi.getTimerCount(), host.count()]).toEqual([0, 0])
    })
  })

  describe('exit code', () => {
    it('does not overwrite a failure by 0', async () => {
      const { host, run, logged } = createRig()
      host.setExitCode(3)
      const ended = run(logged('App'))
      await settle()
      host.emitter.emit('SIGTERM')
      expect([await ended, host.getExitCode()]).toEqual([0, 3])
    })
  })

  describe('two in one process', () => {
    it('stops both at a signal, and ends neither by the other', async () => {
      const { host, run, logged } = createRig()
      const other = createScope()
      const first = run(logged('A', { close: hang }), { graceMs: 10 })
      const gate = createGate()
      const second = runServiceIn(host, logged('B', { close: () => gate.promise }), { scope: other })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(111)
      expect([await first, host.exits]).toEqual([1, []])
      gate.open()
      expect([await second, host.getExitCode(), host.count()]).toEqual([0, 1, 0])
    })

    it('can run one after the other', async () => {
      const codes: number[] = []
      const { host, scope, run, logged } = createRig()
      for (const name of ['A', 'B']) {
        const ended = run(logged(name), { scope: name === 'A' ? scope : createScope() })
        await settle()
        host.emitter.emit('SIGTERM')
        codes.push(await ended)
      }
      expect([codes, host.exits, host.count()]).toEqual([[0, 0], [], 0])
    })
  })

  describe('after the end', () => {
    it('ends a process that is still there after five seconds', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App'))
      await settle()
      host.emitter.emit('SIGTERM')
      await ended
      await vi.advanceTimersByTimeAsync(4999)
      expect(host.exits).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect([host.exits, log.at(-2)]).toEqual([
        [0],
        'warn Still here 5000 ms after the end, as something is open: ending',
      ])
    })

    it('leaves the process to a caller who gave a signal, and to another run', async () => {
      const { host, run, logged } = createRig()
      const caller = new AbortController()
      const one = run(logged('App'), { signal: caller.signal })
      await settle()
      caller.abort()
      await one
      const two = run({ start: () => Promise.reject(new Error('no')), close: () => {} })
      await two
      void runServiceIn(host, logged('Next'), { scope: createScope() })
      await vi.advanceTimersByTimeAsync(10_000)
      expect(host.exits).toEqual([])
    })
  })
})
