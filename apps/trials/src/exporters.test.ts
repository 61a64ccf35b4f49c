import type { Exporter, Operation, ServiceEvent } from '@svc/core'
import { createScope } from '@svc/core'
import { createService, createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { outcomeOf } from './outcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** What a whole program did, as everyone but the faulty exporter sees it. */
interface Run {
  readonly log: readonly string[]
  readonly events: readonly string[]
  readonly reports: readonly string[]
}

const describeEvent = (event: ServiceEvent): string => {
  if (event.type === 'begin' || event.type === 'end') return `${event.type} ${describeOperation(event.operation)}`
  if (event.type === 'health') return `health ${event.changes.map((change) => change.name).join()}`
  return `${event.type} ${event.scope.id}`
}
const describeOperation = ({ kind, scope, label }: Operation): string => `${kind} ${scope.id} ${label}`

/** A tree three deep with a checker that starts, works, fails here and there, is looked at, drains, closes and is flushed. */
async function runProgram(faulty: Exporter): Promise<Run> {
  const log: string[] = []
  const events: string[] = []
  const reports: string[] = []
  const good: Exporter = {
    observe: (event) => {
      events.push(describeEvent(event))
    },
    activate: (_, fn) => fn(),
    flush: async () => {
      await Promise.resolve()
      log.push('flushed')
    },
  }
  const line = (_: object, message: string): void => {
    if (message.startsWith('An exporter failed')) reports.push(message)
  }
  const logger = { debug: line, info: line, warn: line, error: line }
  const scope = createScope({ logger, exporters: [good, faulty, good] })
  const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
  const { service, engine } = createServiceEngine({
    name: 'R',
    parent: scope,
    closeOrder: 'reverse',
    subServices: (parent) => [
      createService({
        name: 'A',
        parent,
        subServices: (inside) => [createService({ name: 'A1', parent: inside, start: () => void log.push('A1') })],
        start: async (inside) => {
          await Promise.resolve()
          log.push('A')
          inside.go(async () => {
            await Promise.resolve()
            log.push('task')
            throw new Error('task')
          })
        },
      }),
      createService({
        name: 'B',
        parent,
        start: (inside) => {
          inside.goTick({ periodMs: 1000, jitter: 0 }, () => {
            log.push('tick')
            if (log.filter((it) => it === 'tick').length === 2) throw new Error('tick')
          })
        },
        close: () => {
          log.push('close B')
          throw new Error('close B')
        },
      }),
    ],
    start: async () => {
      log.push('R')
      await Promise.resolve()
    },
    close: () => void log.push('close R'),
  })
  checker.register(service)
  log.push(`start ${String(await outcomeOf(service.start()))}`, `checker ${String(await outcomeOf(checker.start()))}`)
  engine.emitHealthError(new Error('emitted'))
  log.push(await engine.ifStarted(() => 'guarded'))
  const child = createService({
    name: 'C',
    parent: engine,
    close: async () => {
      await Promise.resolve()
    },
  })
  await engine.startSubService(child)
  engine.newHealthCondition(new Error('condition'))[Symbol.dispose]()
  await vi.advanceTimersByTimeAsync(2500)
  log.push([...checker.snapshot().health.keys()].join())
  await engine.closeSubService(child)
  const broken = createService({ name: 'D', parent: engine, start: () => Promise.reject(new Error('D')) })
  log.push(String(await outcomeOf(engine.startSubService(broken))))
  scope.drain()
  log.push(String(await outcomeOf(service.close())), String(await outcomeOf(checker.close())))
  await scope.flush(new AbortController().signal)
  log.push(`${vi.getTimerCount()} timers`)
  return { log, events, reports }
}

const boom = (): never => {
  throw new Error('the exporter')
}

/** An exporter that fails at the n-th call of one of its functions, or at each one. */
type Faulty = (fails: () => boolean) => Exporter
const FAULTY: readonly (readonly [string, Faulty])[] = [
  ['throws in observe', (fails) => ({ observe: () => void (fails() && boom()) })],
  [
    'rejects in observe',
    (fails) => {
      const observe = (): unknown => (fails() ? Promise.reject(new Error('async')) : undefined)
      return { observe }
    },
  ],
  ['throws in activate before it runs the work', (fails) => ({ activate: (_, fn) => (fails() ? boom() : fn()) })],
  [
    'throws in activate after it has run the work',
    (fails) => ({
      activate: (_, fn) => {
        const value = fn()
        return fails() ? boom() : value
      },
    }),
  ],
  ['does not run the work', (fails) => ({ activate: (_, fn) => (fails() ? (undefined as never) : fn()) })],
  [
    'runs the work twice',
    (fails) => ({
      activate: (_, fn) => {
        if (fails()) fn()
        return fn()
      },
    }),
  ],
  [
    'runs the work later',
    (fails) => ({
      activate: (_, fn) => {
        if (!fails()) return fn()
        queueMicrotask(fn)
        return undefined as never
      },
    }),
  ],
  [
    'gives something else than the work does',
    (fails) => ({ activate: (_, fn) => (fn(), fails() ? ('x' as never) : fn()) }),
  ],
  [
    'rejects in activate',
    (fails) => ({ activate: (_, fn) => (fails() ? (Promise.reject(new Error('async')) as never) : fn()) }),
  ],
  ['throws in flush', (fails) => ({ flush: () => (fails() ? boom() : Promise.resolve()) })],
  ['rejects in flush', (fails) => ({ flush: () => (fails() ? Promise.reject(new Error('x')) : Promise.resolve()) })],
  [
    'throws in all of its functions',
    (fails) => ({
      observe: () => void (fails() && boom()),
      activate: (_, fn) => (fails() ? boom() : fn()),
      flush: () => (fails() ? boom() : Promise.resolve()),
    }),
  ],
]

describe.each(FAULTY)('an exporter that %s', (how, make) => {
  it('changes nothing for services, nor for other exporters, at whichever event, and is reported once', async () => {
    const clean = await runProgram({})
    let calls = 0
    await runProgram(make(() => (calls++, false)))
    expect(calls).toBeGreaterThan(how.includes('flush') ? 0 : 10)
    for (let at = -1; at < calls; at++) {
      let call = 0
      const run = await runProgram(make(() => at === -1 || call++ === at))
      expect({ at, log: run.log, events: run.events }).toEqual({ at, log: clean.log, events: clean.events })
      const isFailure = !/does not run|twice|later|something else/.test(how)
      expect([at, run.reports.length]).toEqual([at, isFailure ? 1 : 0])
    }
    expect(clean.log.at(-1)).toBe('0 timers')
  })
})
