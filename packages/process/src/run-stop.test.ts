import { joinErrors } from '@svc/core'
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
  describe('when asked to stop', () => {
    it.each([
      ['SIGTERM', 'SIGTERM', 143],
      ['SIGINT', 'SIGINT', 130],
      ['SIGTERM', 'SIGINT', 130],
    ])('ends at once at a second signal: %s, %s', async (first, second, code) => {
      const { log, host, run, logged } = createRig()
      void run(logged('App', { close: hang }))
      await settle()
      host.emitter.emit(first)
      await settle()
      host.emitter.emit(second)
      expect([host.exits, facts(log).slice(-2)]).toEqual([[code], ['close App', `exit ${code}`]])
    })

    it('takes the first signal after another request as a first one', async () => {
      const { host, run, logged } = createRig()
      const caller = new AbortController()
      const gate = createGate()
      const ended = run(logged('App', { close: () => gate.promise }), { signal: caller.signal })
      await settle()
      caller.abort()
      await settle()
      host.emitter.emit('SIGTERM')
      expect(host.exits).toEqual([])
      gate.open()
      expect(await ended).toBe(0)
    })

    it('stops when the caller aborts, and takes its listener off again', async () => {
      const { log, run, logged } = createRig()
      const caller = new AbortController()
      const off = vi.spyOn(caller.signal, 'removeEventListener')
      const ended = run(logged('App'), { signal: caller.signal })
      await settle()
      caller.abort()
      expect([await ended, facts(log)]).toEqual([0, ['start App', 'draining', 'close App', 'flush', 'exitCode 0']])
      expect(off).toHaveBeenCalledOnce()
    })

    it('starts nothing when the caller has aborted before, and flushes all the same', async () => {
      const { log, run, logged, host } = createRig()
      expect(await run(logged('App'), { signal: AbortSignal.abort() })).toBe(0)
      expect([facts(log), host.count()]).toEqual([['draining', 'flush', 'exitCode 0'], 0])
    })
  })

  describe('when a stop comes during the start', () => {
    const untilAborted = (signal?: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })

    it('aborts the start, closes what had started, and gives 0', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App', { start: untilAborted }), { around: [logged('Admin')], drainDelayMs: 5000 })
      await settle()
      host.emitter.emit('SIGTERM')
      expect([await ended, facts(log)]).toEqual([
        0,
        ['start Admin', 'start App', 'draining', 'close Admin', 'flush', 'exitCode 0'],
      ])
      expect(log).toContain('info Gave up the start of "App", as a stop was asked for')
    })

    it('gives 0 when the reason is wrapped, and 1 when the unwinding failed as well', async () => {
      const codes: number[] = []
      for (const wrap of [
        (reason: Error) => new Error('Cannot start', { cause: reason }),
        (reason: Error) => new Error('Cannot start', { cause: joinErrors([reason, new Error('unwinding failed')]) }),
        () => new Error('failed by itself'),
      ]) {
        const { host, run, logged } = createRig()
        const start = (signal?: AbortSignal): Promise<void> =>
          untilAborted(signal).catch((reason: unknown) => {
            throw wrap(reason as Error)
          })
        const ended = run(logged('App', { start }))
        await settle()
        host.emitter.emit('SIGTERM')
        codes.push(await ended)
      }
      expect(codes).toEqual([0, 1, 1])
    })

    it('closes a service that started all the same', async () => {
      const { log, host, run, logged } = createRig()
      const gate = createGate()
      const ended = run(logged('App', { start: () => gate.promise }), { around: [logged('Admin')] })
      await settle()
      host.emitter.emit('SIGTERM')
      gate.open()
      expect([await ended, facts(log).slice(2)]).toEqual([
        0,
        ['draining', 'close App', 'close Admin', 'flush', 'exitCode 0'],
      ])
    })

    it('does not wait beyond the budget for a start that ignores its signal, and gives 1', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App', { start: hang }), { around: [logged('Admin')], graceMs: 1000 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(1101)
      expect([await ended, facts(log).slice(2)]).toEqual([
        1,
        ['draining', 'close Admin (late)', 'flush', 'exitCode 1', 'exit 1'],
      ])
      expect(log).toContainEqual(
        expect.stringMatching(/^error Cannot start "App": Cannot wait any longer for the start of "App"/),
      )
    })
  })

  describe('at an uncaught exception', () => {
    it.each([
      ['uncaughtException', 'error Uncaught exception: boom'],
      ['unhandledRejection', 'error Unhandled rejection: boom'],
    ])('logs, closes and gives 1: %s', async (origin, line) => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App'), { drainDelayMs: 5000 })
      await settle()
      host.emitter.emit('uncaughtException', new Error('boom'), origin)
      expect([await ended, facts(log)]).toEqual([1, ['start App', 'draining', 'close App', 'flush', 'exitCode 1']])
      expect(log).toContain(line)
      expect(log).not.toContain('info Draining for 5000 ms')
    })

    it('cuts the drain delay short', async () => {
      const { log, host, run, logged } = createRig()
      const ended = run(logged('App'), { drainDelayMs: 5000 })
      await settle()
      host.emitter.emit('SIGTERM')
      await vi.advanceTimersByTimeAsync(100)
      host.emitter.emit('uncaughtException', 'no error', 'uncaughtException')
      expect([await ended, facts(log)[2]]).toEqual([1, 'close App'])
      expect(log).toContain('error Uncaught exception: no error')
    })

    it('gives 1 when it comes during the start', async () => {
      const { log, host, run, logged } = createRig()
      const start = (signal?: AbortSignal): Promise<void> =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            reject(signal.reason as Error)
          })
        })
      const ended = run(logged('App', { start }))
      await settle()
      host.emitter.emit('uncaughtException', new ConfigurationError(['thrown too late']), 'uncaughtException')
      expect([await ended, facts(log)]).toEqual([1, ['start App', 'draining', 'flush', 'exitCode 1']])
    })
  })
})
