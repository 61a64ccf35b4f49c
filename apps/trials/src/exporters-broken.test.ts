import type { Exporter, HealthReporter, Logger, Operation, SpanSource } from '@svc/core'
import { createScope } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { createProbes } from '@svc/probes'
import { openMetrics, prometheus } from '@svc/prometheus'
import { Gauge, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'

const boom = (): never => {
  throw new Error('broken')
}
const reject = (): never => Promise.reject(new Error('broken')) as never
/** No function can be ended from outside; what can hang is a promise where there should be a report. */
const hang = (): never => new Promise(() => {}) as never

/** What may be broken of a program besides its services. */
interface Parts {
  readonly exporters?: readonly Exporter[]
  readonly reporters?: readonly HealthReporter[]
  readonly logger?: Logger
  readonly spans?: SpanSource
}

const reporter = (name: string, parts: Partial<HealthReporter>): HealthReporter => ({
  name: () => name,
  readiness: () => null,
  healthReport: () => new Map([[name, null]]),
  ...parts,
})

const BROKEN: readonly (readonly [string, Parts])[] = [
  ['an exporter that throws when it is told something', { exporters: [{ observe: boom }] }],
  ['an exporter that rejects when it is told something', { exporters: [{ observe: reject }] }],
  ['an exporter that throws in place of making an operation current', { exporters: [{ activate: boom }] }],
  ['an exporter that runs nothing', { exporters: [{ activate: () => undefined as never }] }],
  ['an exporter that throws or rejects at a flush', { exporters: [{ flush: boom }, { flush: reject }] }],
  [
    'exporters that fail in everything',
    { exporters: [boom, reject].map((fail) => ({ observe: fail, activate: fail, flush: fail })) },
  ],
  ['a reporter whose report throws', { reporters: [reporter('Throws', { healthReport: boom, readiness: boom })] }],
  [
    'a reporter whose report rejects',
    { reporters: [reporter('Rejects', { healthReport: reject, readiness: reject })] },
  ],
  ['a reporter whose report hangs', { reporters: [reporter('Hangs', { healthReport: hang, readiness: hang })] }],
  [
    'a reporter that reports nonsense',
    { reporters: [reporter('Odd', { healthReport: () => 5 as never, readiness: () => 'yes' as never })] },
  ],
  ['a logger that throws', { logger: { debug: boom, info: boom, warn: boom, error: boom } }],
  ['a source of spans that throws', { spans: { spanOf: boom } }],
]

const everything: Parts = {
  exporters: BROKEN.flatMap(([, { exporters = [] }]) => exporters),
  reporters: BROKEN.flatMap(([, { reporters = [] }]) => reporters),
  logger: { debug: boom, info: boom, warn: boom, error: boom },
  spans: { spanOf: boom },
}

const OPEN = { accept: 'application/openmetrics-text; version=1.0.0' }
const PATHS = [
  '/livez',
  '/readyz',
  '/startupz',
  '/readyz?verbose',
  '/readyz/App',
  '/health',
  '/health?format=spring',
  '/health.txt',
]

/** A program at work with such parts, and what its probes and scrapes answer. */
async function createProgram({ exporters = [], reporters = [], logger, spans }: Parts) {
  const registry = new Registry()
  const metrics = prometheus({ registry, spans })
  // Broken ones before and after
  const scope = createScope({ logger, exporters: [...exporters, metrics, ...exporters] })
  const { service: app, engine } = createServiceEngine({
    name: 'App',
    parent: scope,
    start: (inside) => {
      inside.go(() => {}, { label: 'import' })
      inside.go(() => Promise.reject(new Error('task')), { label: 'fails' })
    },
  })
  const checker = createHealthChecker({ parent: scope, version: '1.2.3', commit: 'abcdef0' })
  const reads = { count: 0 }
  const read = (): Map<string, null> => {
    reads.count++
    return new Map([['Watched', null]])
  }
  for (const it of [app, reporter('Watched', { healthReport: read }), ...reporters]) checker.register(it)
  await app.start()
  await checker.start()
  const { draining } = scope
  const probes = createProbes({
    source: checker,
    draining,
    metrics: [registry, openMetrics(registry)],
    details: 'always',
  })
  const get = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const response = await probes(new Request(`http://localhost${path}`, { headers }))
    return `${response.status} ${await response.text()}`
  }
  const end = async (): Promise<void> => {
    await checker.close()
    await app.close()
    await scope.flush(new AbortController().signal)
  }
  return { app, engine, registry, reads, get, end }
}

/** Without values, and without the reporters, of which there are more where they are broken. */
function seriesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket'))
  return lines
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .filter((line) => !/Throws|Rejects|Hangs|Odd/.test(line))
}

describe.each([...BROKEN, ['all of that at once', everything] as const])('with %s', (_, parts) => {
  it('every probe and every scrape answers, in each format, with what there is in a sound program', async () => {
    const [sound, broken] = [await createProgram({}), await createProgram(parts)]
    const ill = (parts.reporters ?? []).length > 0
    for (const headers of [{}, OPEN]) {
      const [expected, actual] = [await sound.get('/metrics', headers), await broken.get('/metrics', headers)]
      expect(actual).toMatch(/^200 # HELP/)
      expect(seriesIn(actual)).toEqual(seriesIn(expected))
      expect(actual).toContain('health{service_id="Watched"} 1')
      expect(actual).toContain('svc_task_duration_seconds_count{service_id="App",task="import"} 1')
    }
    for (const path of PATHS) {
      const [expected, actual] = [await sound.get(path), await broken.get(path)]
      const isAlive = path === '/livez' || path === '/readyz/App'
      // A reporter that cannot be read is ill, and the program with it; nothing else is seen of what is broken
      if (ill && !isAlive) expect([path, actual]).toEqual([path, expect.stringMatching(/^503 (?!Cannot)/)])
      else expect([path, actual]).toEqual([path, expected])
    }
    await sound.end()
    await broken.end()
  })

  it('no probe and no scrape takes an error away, or asks a reporter', async () => {
    const { app, engine, reads, get, end } = await createProgram(parts)
    app.healthReport()
    engine.emitHealthError(new Error('lost'))
    const before = reads.count
    for (let i = 0; i < 3; i++) {
      for (const path of PATHS) await get(path)
      for (const headers of [{}, OPEN]) {
        expect(await get('/metrics', headers)).toContain('svc_errors_total{service_id="App"} 1')
      }
    }
    expect(reads.count).toBe(before)
    expect(before).toBeGreaterThan(0)
    expect(String(app.healthReport().get('App'))).toContain('lost')
    await end()
  })
})

describe('a metric of somebody else that cannot be collected', () => {
  it('fails the scrape as it does in the client, by its name, and nothing else', async () => {
    const { registry, get, end } = await createProgram(everything)
    const sound = await get('/livez')
    for (const [name, collect] of [
      ['thrown', boom],
      ['rejected', reject],
    ] as const) {
      registry.registerMetric(new Gauge({ name, help: 'Not to be had', registers: [], collect }))
      await expect(registry.metrics()).rejects.toThrow('broken')
      for (const headers of [{}, OPEN]) {
        expect(await get('/metrics', headers)).toBe(`500 Cannot collect the metric "${name}": Error: broken\n`)
      }
      expect(await get('/livez')).toBe(sound)
      registry.removeSingleMetric(name)
      expect(await get('/metrics')).toMatch(/^200/)
    }
    await end()
  })
})

describe('an operation whose span is looked up', () => {
  it('is found where the exporter that makes the span comes before the metrics as well as after', async () => {
    const ended = new WeakSet<Operation>()
    const tracer: Exporter & SpanSource = {
      observe: (event) => void (event.type === 'end' && ended.add(event.operation)),
      spanOf: (subject) =>
        'kind' in subject && ended.has(subject)
          ? { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isRecorded: true }
          : undefined,
    }
    for (const order of ['before', 'after']) {
      const registry = new Registry()
      const metrics = prometheus({ registry, spans: tracer })
      const scope = createScope({ exporters: order === 'before' ? [tracer, metrics] : [metrics, tracer] })
      const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
      await service.start()
      engine.go(() => {}, { label: 'import' })
      await service.close()
      expect(await openMetrics(registry).metrics()).toContain(`# {trace_id="${'1'.repeat(32)}"`)
    }
  })
})
