import { createScope, type HealthReport, type HealthReporter, type Scope, type Service } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { createHealthChecker, type HealthChecker } from '@svc/health'
import { createProbes } from '@svc/probes'
import { prometheus } from '@svc/prometheus'
import { createStateMachine } from '@svc/statemachine'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Something with an error buffer of its own, somewhere inside. */
interface Buffered {
  readonly reporter: HealthReporter
  /** Its full name. */
  readonly id: string
  emit(error: Error): void
}

const LEVELS: readonly (readonly [string, (parent: Scope) => Promise<Buffered>])[] = [
  [
    'a bare state machine in a hand-written reporter',
    async (parent) => {
      const machine = createStateMachine({ name: 'M', parent })
      await machine.startOnce(() => {})
      const healthReport = (): HealthReport => new Map([['M', machine.health()]])
      const reporter = { name: () => 'M', readiness: machine.readiness.bind(machine), healthReport }
      return {
        reporter,
        id: 'M',
        emit: (error) => {
          machine.errors.append(error)
        },
      }
    },
  ],
  ['an engine', (parent) => buffered(parent, 1)],
  ['the leaf of a tree three deep', (parent) => buffered(parent, 3)],
]

async function buffered(parent: Scope, depth: number): Promise<Buffered> {
  const engines: Engine[] = []
  const make = (scope: Scope, left: number): Service => {
    const { service, engine } = createServiceEngine({
      name: 'E',
      parent: scope,
      subServices: (inside) => (left === 1 ? [] : [make(inside, left - 1)]),
    })
    engines.push(engine)
    return service
  }
  const reporter = make(parent, depth)
  await reporter.start()
  const leaf = engines[0] as Engine
  return {
    reporter,
    id: leaf.id,
    emit: (error) => {
      leaf.emitHealthError(error)
    },
  }
}

/** Everyone who reads a snapshot: pages, probes, a scrape. */
function readersOf(checker: HealthChecker, scope: Scope, registry: Registry): (() => Promise<unknown>)[] {
  const probes = createProbes({ source: checker, draining: scope.draining, metrics: registry, details: 'always' })
  const get = (path: string) => async () => (await probes(new Request(`http://localhost${path}`))).text()
  return [
    ...['/livez', '/readyz?verbose', '/startupz', '/health', '/health.txt', '/health?format=spring', '/metrics'].map(
      get,
    ),
    () => registry.metrics(),
    async () => checker.snapshot().health,
    async () => [checker.isReady(), checker.isHealthy()],
    async () => checker.healthReport(),
  ]
}

describe.each(LEVELS)('reading the health of %s', (_, make) => {
  it('consumes nothing: each of many readers sees an error for one whole interval, and nobody after it', async () => {
    const registry = new Registry()
    const scope = createScope({ exporters: [prometheus({ registry })] })
    const { reporter, id, emit } = await make(scope)
    const checker = createHealthChecker({ parent: scope, intervalMs: 1000 })
    checker.register(reporter)
    await checker.start()
    const readers = readersOf(checker, scope, registry)
    const error = new Error('told once')
    emit(error)
    for (const read of readers) await read()
    expect(checker.snapshot().health.get(id)).toBeNull()
    await vi.advanceTimersByTimeAsync(1000)
    for (let round = 0; round < 3; round++) {
      for (const read of readers) {
        await read()
        expect(checker.snapshot().health.get(id)).toBe(error)
      }
      await vi.advanceTimersByTimeAsync(300)
    }
    await vi.advanceTimersByTimeAsync(100)
    expect(checker.snapshot().health.get(id)).toBeNull()
    await checker.close()
  })
})

describe('a reporter that throws or returns nonsense, at any depth', () => {
  const nonsense: readonly (readonly [string, Partial<HealthReporter>])[] = [
    [
      'throws',
      {
        healthReport: () => {
          throw new Error('broken')
        },
      },
    ],
    [
      'throws nothing',
      {
        healthReport: () => {
          throw undefined as unknown
        },
      },
    ],
    ['gives undefined', { healthReport: () => undefined as never }],
    ['gives null', { healthReport: () => null as never }],
    ['gives a number', { healthReport: () => 7 as never }],
    ['gives a text', { healthReport: () => 'fine' as never }],
    ['gives an object', { healthReport: () => ({ a: null }) as never }],
    ['gives a promise that fails', { healthReport: () => Promise.reject(new Error('async')) as never }],
    [
      'gives an iterator that throws',
      {
        healthReport: () =>
          ({
            [Symbol.iterator]: () => {
              throw new Error('broken')
            },
          }) as never,
      },
    ],
    ['gives names that are none', { healthReport: () => new Map([[1, null]]) as never }],
    ['gives undefined for health', { healthReport: () => new Map([['Bad', undefined]]) as never }],
    ['gives a text for health', { healthReport: () => new Map([['Bad', 'fine']]) as never }],
    [
      'gives a proxy',
      {
        healthReport: () =>
          new Proxy(
            {},
            {
              has: () => {
                throw new Error('broken')
              },
            },
          ) as never,
      },
    ],
  ]
  const unready: readonly (readonly [string, Partial<HealthReporter>])[] = [
    [
      'throws',
      {
        readiness: () => {
          throw new Error('broken')
        },
      },
    ],
    ['gives undefined', { readiness: () => undefined as never }],
    ['gives true', { readiness: () => true as never }],
    ['gives a promise that fails', { readiness: () => Promise.reject(new Error('async')) as never }],
  ]

  /** `Root.Middle.Bad` and a sibling of it that is well, all started. */
  async function makeTree(parent: Scope, override: Partial<HealthReporter>): Promise<Service> {
    const root = createService({
      name: 'Root',
      parent,
      subServices: (engine) => [
        createService({
          name: 'Middle',
          parent: engine,
          subServices: (inside) => [
            { ...createService({ name: 'Bad', parent: inside }), ...override },
            createService({ name: 'Good', parent: inside }),
          ],
        }),
      ],
    })
    await root.start()
    return root
  }

  it.each(nonsense)('in its report: %s', async (_, override) => {
    const scope = createScope()
    const root = await makeTree(scope, override)
    const report = root.healthReport()
    expect(['Root', 'Root.Middle', 'Root.Middle.Good'].map((name) => report.get(name))).toEqual([null, null, null])
    expect([...report.values()].filter((error) => error !== null)).toEqual([expect.any(Error)])
    const checker = createHealthChecker({ parent: scope })
    checker.register(root)
    await checker.start()
    expect([checker.isHealthy(), checker.isReady(), checker.snapshot().health.get('Root.Middle.Good')]).toEqual([
      false,
      true,
      null,
    ])
    await checker.close()
    await root.close()
  })

  it.each(unready)('in its readiness: %s', async (_, override) => {
    const scope = createScope()
    const root = await makeTree(scope, override)
    expect(root.readiness()).toBeInstanceOf(Error)
    const checker = createHealthChecker({ parent: scope })
    checker.register(root)
    expect([checker.isReady(), checker.isHealthy()]).toEqual([false, true])
    await root.close()
  })
})
