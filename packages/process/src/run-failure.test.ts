import { joinErrors, ServiceError } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from './configuration-error.ts'
import { createGate, createRig, facts, hang, settle } from './fixtures/fakes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('runService()', () => {
  describe('when a start fails', () => {
    it('closes what had started, in reverse, flushes, and gives 1', async () => {
      const { log, run, logged } = createRig()
      const broken = logged('App', { start: () => Promise.reject(new Error('no database')) })
      expect(await run(broken, { around: [logged('A'), logged('B')] })).toBe(1)
      expect(facts(log)).toEqual([
        'start A',
        'start B',
        'start App',
        'draining',
        'close B',
        'close A',
        'flush',
        'exitCode 1',
      ])
      expect(log).toContain('error Cannot start "App": no database')
    })

    it('closes within the budget when a close hangs then', async () => {
      const { log, run, logged, host } = createRig()
      const broken = logged('App', {
        start: () => {
          throw new Error('no database')
        },
      })
      const ended = run(broken, { around: [logged('A'), logged('B', { close: hang })], graceMs: 1000 })
      await vi.advanceTimersByTimeAsync(1101)
      expect([await ended, facts(log).slice(3), host.exits]).toEqual([
        1,
        ['draining', 'close B', 'close A (late)', 'flush', 'exitCode 1', 'exit 1'],
        [1],
      ])
    })

    it('gives 2 for a ConfigurationError, wherever it is in the error', async () => {
      const { run, logged, log } = createRig()
      const error = new Error('Cannot start', {
        cause: joinErrors([new Error('x'), new ConfigurationError(['PORT is bad'])]),
      })
      expect(await run(logged('App', { start: () => Promise.reject(error) }))).toBe(2)
      expect(log).toContain('error Cannot start "App": Cannot start: x; PORT is bad')
    })

    it('ends by force when a service left something behind at a deadline of its own', async () => {
      const { run, logged, host } = createRig()
      const pending = [{ service: 'App', kind: 'start', label: 'hook', ageMs: 1, startedBy: undefined }] as const
      const error = new ServiceError('Cannot start', { code: 'TIMEOUT', service: 'App', pending })
      expect(await run(logged('App', { start: () => Promise.reject(error) }))).toBe(1)
      expect(host.exits).toEqual([1])
    })
  })

  describe('when a close fails', () => {
    it('closes the others, says each failure, and gives 1', async () => {
      const { log, host, run, logged } = createRig()
      const two = new AggregateError([new Error('one'), new Error('two')])
      const ended = run(logged('App', { close: () => Promise.reject(two) }), {
        around: [
          logged('A'),
          logged('B', {
            close: () => {
              throw new Error('three')
            },
          }),
        ],
      })
      await settle()
      host.emitter.emit('SIGTERM')
      expect([await ended, facts(log).slice(4)]).toEqual([
        1,
        ['close App', 'close B', 'close A', 'flush', 'exitCode 1'],
      ])
      expect(log.filter((line) => line.startsWith('error'))).toEqual([
        'error Cannot close "App": one; two',
        'error Cannot close "B": three',
      ])
      expect(host.exits).toEqual([])
    })

    it('begins every close that is left when one hangs beyond the budget, and ends the process', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App', { close: hang }), {
        around: [logged('A', { close: hang }), logged('B')],
        graceMs: 1000,
      })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(1102)
      expect([await ended, facts(log).slice(3)]).toEqual([
        1,
        ['draining', 'close App', 'close B (late)', 'close A (late)', 'flush', 'exitCode 1', 'exit 1'],
      ])
      expect(log.filter((line) => line.startsWith('error'))).toEqual([
        expect.stringMatching(
          /^error Cannot close "App": Cannot wait any longer for the close of "App": it has run for 110\d ms, and/,
        ),
        expect.stringMatching(/^error Cannot close "A": Cannot wait any longer/),
      ])
    })

    it('lets a close that is cut off at the end of the budget say what it leaves behind', async () => {
      const { log, host, run, logged } = createRig()
      const close = async (signal?: AbortSignal): Promise<void> => {
        await new Promise((resolve) => {
          signal?.addEventListener('abort', resolve)
        })
        const pending = [{ service: 'App.Db', kind: 'task', label: 'vacuum', ageMs: 7, startedBy: undefined }] as const
        throw new ServiceError('Cannot close "App" in time', { code: 'TIMEOUT', service: 'App', pending })
      }
      const ended = run(logged('App', { close }), { graceMs: 1000 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(1000)
      expect([await ended, host.exits]).toEqual([1, [1]])
      expect(log).toContain('error Cannot close "App" in time (still running: task "vacuum" of "App.Db" for 7 ms)')
    })

    it('does not mind a service that was closed by hand', async () => {
      const { host, run, logged, log } = createRig()
      const stopped = new ServiceError('Cannot stop', { code: 'ALREADY_STOPPED', service: 'App' })
      const ended = run(logged('App', { close: () => Promise.reject(stopped) }))
      await settle()
      host.emitter.emit('SIGTERM')
      expect(await ended).toBe(0)
      expect(log).toContain('info "App" was closed already')
    })

    it('is not ended by what a hook left behind rejects later', async () => {
      const { host, run, logged } = createRig()
      const gate = createGate()
      const ended = run(logged('App', { close: () => gate.promise }), { graceMs: 10 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(111)
      gate.fail(new Error('late'))
      expect(await ended).toBe(1)
    })
  })
})
