import { emit } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, clients, type TestRegistry } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { ODD_NAMES } from './fixtures/odd-names.ts'
import { begin, child, createProgram, end, type Program, seriesIn, start } from './fixtures/program.ts'

// Uptime is the one value that changes by itself.
beforeEach(() => {
  vi.spyOn(performance, 'now').mockReturnValue(1000)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The part of an exposition that belongs to one metric. */
function family(text: string, name: string): string {
  const lines = text.split('\n').filter((line) => line !== '')
  const help = lines.findIndex((line) => line.startsWith(`# HELP ${name} `))
  expect(help).not.toBe(-1)
  const length = lines.slice(help + 2).findIndex((line) => line.startsWith('#'))
  return lines.slice(help, length === -1 ? undefined : help + 2 + length).join('\n')
}

const DURATIONS = [0.001, 0.005, 0.0051, 0.3, 2, 299, 1000]

/** The same figures in our metrics and in a client's own. */
function figures({ Gauge, Counter, Histogram }: Client, ours: TestRegistry, stock: TestRegistry): Program {
  const program = createProgram({ registry: ours })
  const { scope } = program
  const registers = [stock]
  const health = new Gauge({
    name: 'health',
    help: 'Health of a service: 1 healthy, 0 unhealthy',
    labelNames: ['service_id'],
    registers,
  })
  const conditions = new Gauge({
    name: 'svc_health_conditions',
    help: 'Health conditions of a service that are set',
    labelNames: ['service_id'],
    registers,
  })
  const errors = new Counter({
    name: 'svc_errors_total',
    help: 'Health errors that a service has emitted',
    labelNames: ['service_id'],
    registers,
  })
  const failures = new Counter({
    name: 'svc_start_failures_total',
    help: 'Failed starts of a service, by type of error',
    labelNames: ['service_id', 'error_type'],
    registers,
  })
  const tasks = new Histogram({
    name: 'svc_task_duration_seconds',
    help: 'How long tasks and ticks of a service took',
    labelNames: ['service_id', 'task'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  })

  const source = createFakeSource()
  source.poll(scope, Object.fromEntries(ODD_NAMES.map((name, i) => [name, i % 2 === 0 ? null : new Error('red')])))
  ODD_NAMES.forEach((service_id, i) => {
    const service = child(scope, service_id)
    health.set({ service_id }, i % 2 === 0 ? 1 : 0)
    emit(service, { type: 'condition', scope: service, key: '', error: null, active: i / 3 })
    conditions.set({ service_id }, i / 3)
    for (let n = 0; n < i; n++) emit(service, { type: 'error', scope: service, error: new Error('x'), dropped: 0 })
    errors.inc({ service_id }, i)
    end(begin(service, 'start'), 1, new TypeError('x'))
    failures.inc({ service_id, error_type: 'TypeError' }, 1)
    for (const seconds of DURATIONS) {
      end(begin(service, 'tick', `task ${service_id}`, 0), seconds)
      tasks.observe({ service_id, task: `task ${service_id}` }, (seconds * 1000) / 1000)
    }
  })
  return program
}

const NAMES = [
  'health',
  'svc_health_conditions',
  'svc_errors_total',
  'svc_start_failures_total',
  'svc_task_duration_seconds',
]

describe.each(clients)('the metrics of prometheus() with %s', (_, client) => {
  const { Registry } = client

  it('come out byte for byte as those of the client', async () => {
    const [ours, stock] = [new Registry(), new Registry()]
    figures(client, ours, stock)
    const [text, stockText] = [await ours.metrics(), await stock.metrics()]

    for (const name of NAMES) expect(family(text, name)).toBe(family(stockText, name))
    for (const name of NAMES)
      expect(await ours.getSingleMetricAsString(name)).toBe(await stock.getSingleMetricAsString(name))
    // Once more, from the text that was kept
    expect(await ours.metrics()).toBe(text)
  })

  it('come out so for OpenMetrics too, where counters lose their suffix', async () => {
    const [ours, stock] = [
      new Registry(Registry.OPENMETRICS_CONTENT_TYPE),
      new Registry(Registry.OPENMETRICS_CONTENT_TYPE),
    ]
    figures(client, ours, stock)
    for (const name of NAMES) {
      expect(await ours.getSingleMetricAsString(name)).toBe(await stock.getSingleMetricAsString(name))
    }
    for (let scrape = 0; scrape < 2; scrape++) {
      const [text, stockText] = [await ours.metrics(), await stock.metrics()]
      expect(text).toContain('# TYPE svc_errors counter\nsvc_errors_total{service_id="__proto__"} 0\n')
      expect(text).toMatch(/\n# EOF\n$/)
      for (const name of NAMES) {
        const kept = name.replace(/_total$/, '')
        expect(family(text, kept)).toBe(family(stockText, kept))
      }
    }
  })

  it('come out so with default labels, set before or between scrapes', async () => {
    const [ours, stock] = [new Registry(), new Registry()]
    figures(client, ours, stock)
    for (const labels of [{ host: 'a"b' }, {}, { host: 'b', service_id: 'not this one' }]) {
      ours.setDefaultLabels(labels)
      stock.setDefaultLabels(labels)
      const [text, stockText] = [await ours.metrics(), await stock.metrics()]
      for (const name of NAMES) expect(family(text, name)).toBe(family(stockText, name))
    }
  })

  it('come out so of a merged registry, which may have default labels of its own', async () => {
    const [ours, stock, more] = [new Registry(), new Registry(), new Registry()]
    figures(client, ours, stock)
    await ours.metrics()
    const [merged, stockMerged] = [Registry.merge([ours, more]), Registry.merge([stock, more])]
    for (const registry of [merged, stockMerged]) registry.setDefaultLabels({ host: 'a' })

    const [text, stockText] = [await merged.metrics(), await stockMerged.metrics()]
    for (const name of NAMES) expect(family(text, name)).toBe(family(stockText, name))
    expect(seriesIn(text, '').every((line) => line.includes('host="a"'))).toBe(true)
    expect(seriesIn(await ours.metrics(), 'host')).toEqual([])
  })

  it('are the same values as JSON, in which no later scrape finds labels of another', async () => {
    const [ours, stock] = [new Registry(), new Registry()]
    figures(client, ours, stock)
    const before = await ours.metrics()
    // Ours say how to combine them, where those of the client are all summed; and have no exemplars.
    const plain = (metrics: object[]) =>
      (metrics as { name: string; values: object[] }[])
        .filter(({ name }) => NAMES.includes(name))
        .toSorted((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name))
        .map((metric) => ({
          ...metric,
          aggregator: '',
          values: metric.values.map((value) => ({ ...value, exemplar: null })),
        }))

    expect(plain(await ours.getMetricsAsJSON())).toEqual(plain(await stock.getMetricsAsJSON()))
    ours.setDefaultLabels({ host: 'a' })
    await ours.getMetricsAsJSON()
    ours.setDefaultLabels({})
    expect(await ours.metrics()).toBe(before)
  })

  it('hand the registry one value, whatever the number of series', async () => {
    const registry = new Registry()
    figures(client, registry, new Registry())
    const metric = registry.getSingleMetric('health') as { getForPromString(): Promise<{ values: object[] }> }

    expect((await metric.getForPromString()).values).toHaveLength(1)
  })

  it('hand the registry the same text until something changes', async () => {
    const registry = new Registry()
    const { scope } = figures(client, registry, new Registry())
    const metric = registry.getSingleMetric('svc_state_code') as { getForPromString(): Promise<{ values: object[] }> }
    start(child(scope, 'One'))
    const first = (await metric.getForPromString()).values
    expect((await metric.getForPromString()).values).toBe(first)
    start(child(scope, 'Two'))
    const second = (await metric.getForPromString()).values
    expect(second).not.toBe(first)
    expect((await metric.getForPromString()).values).toBe(second)
  })
})

it('renders no text for a registry of which it does not know how it writes', async () => {
  const metrics: { name: string; getForPromString(): Promise<{ values: object[] }> }[] = []
  const registry = { registerMetric: (metric: never) => void metrics.push(metric), removeSingleMetric: () => {} }
  const { scope } = createProgram({ registry })
  start(child(scope, 'App'))
  const codes = metrics.find(({ name }) => name === 'svc_state')

  expect((await codes?.getForPromString())?.values).toHaveLength(7)
})
