import type * as prometheusIo from '@prometheus-io/client'
import { createProbes } from '@svc/probes'
import * as promClient from 'prom-client'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import type { Column } from './column.ts'
import { clients, type TestRegistry } from './fixtures/clients.ts'
import { parseExposition } from './fixtures/exposition.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { ODD_NAMES } from './fixtures/odd-names.ts'
import { begin, child, createProgram, end, run, start } from './fixtures/program.ts'
import { openMetrics, type ReadableRegistry } from './index.ts'
import { createMetric } from './metric.ts'
import { createSeries } from './series.ts'

/** The series of an exposition as `name labels value`, in an order of their own. */
function seriesOf(text: string): string[] {
  return parseExposition(text)
    .flatMap(({ series }) => series)
    .map(({ name, labels, value }) => {
      const ordered = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
      return JSON.stringify([name, ordered, name === 'uptime_seconds' || value])
    })
    .toSorted()
}

describe.each(clients)('openMetrics() of a registry of %s', (_, client) => {
  const { Registry, Counter, Gauge, Histogram } = client

  /** Metrics as a program of somebody else has them. */
  function foreign(registry: TestRegistry): void {
    const registers = [registry]
    const help = 'With a "quote", a \\ and a\nbreak'
    const requests = new Counter({ name: 'requests_total', help, labelNames: ['path'], registers })
    for (const path of ODD_NAMES) requests.inc({ path }, path.length)
    new Counter({ name: 'unsuffixed', help: 'A counter without its suffix', registers }).inc({}, 2.5)
    const gauge = new Gauge({ name: 'ratio', help: 'Values that are odd', labelNames: ['of'], registers })
    for (const value of [Infinity, -Infinity, 1e21, 1e-7, -0]) gauge.set({ of: String(value) }, value)
    new Gauge({ name: 'size_bytes', help: 'Without labels', registers }).set({}, 7)
    registry.registerMetric(
      new Gauge({ name: 'unset', help: 'Without series', labelNames: ['a'], registers: [] }) as never,
    )
    new Histogram({ name: 'bare_seconds', help: 'Without labels', buckets: [0.1, 1], registers }).observe({}, 0.2)
    const histogram = new Histogram({ name: 'took_seconds', help: 'With', labelNames: ['path'], registers })
    for (const path of ODD_NAMES) histogram.observe({ path }, 0.2)
  }

  it('gives what is not ours as the client itself would give it', async () => {
    const [text, open] = [new Registry(), new Registry(Registry.OPENMETRICS_CONTENT_TYPE)]
    foreign(text)
    foreign(open)
    const ours = await openMetrics(text).metrics()
    const lines = ours.split('\n').filter((line) => !line.startsWith('# UNIT'))
    // The client leaves quotes in a help text as they are, which the format does not allow
    const help = (line: string): string => (line.startsWith('# HELP') ? line.replaceAll('"', '\\"') : line)
    const theirs = (await open.metrics()).split('\n').map(help)

    expect(lines).toEqual(theirs)
    expect(ours.match(/^# UNIT .*$/gm)).toEqual([
      '# UNIT size_bytes bytes',
      '# UNIT bare_seconds seconds',
      '# UNIT took_seconds seconds',
    ])
  })

  it('gives exemplars of others, and text does not', async () => {
    const registry = new Registry()
    const config = { labelNames: ['a'], enableExemplars: true, registers: [] }
    const histogram = new Histogram({ name: 'took_seconds', help: 'x', buckets: [1], ...config })
    const counter = new Counter({ name: 'made_total', help: 'x', ...config })
    for (const metric of [histogram, counter]) registry.registerMetric(metric as never)
    const exemplarLabels = { trace_id: 'a"b' }
    histogram.observe({ labels: { a: 'b' }, value: 0.5, exemplarLabels } as never, undefined as never)
    counter.inc({ labels: { a: 'b' }, value: 3, exemplarLabels } as never, undefined as never)
    const text = await openMetrics(registry).metrics()

    expect(text).toMatch(/^took_seconds_bucket\{le="1",a="b"\} 1 # \{trace_id="a\\"b"\} 0.5 [\d.]+$/m)
    expect(text).toMatch(/^made_total\{a="b"\} 3 # \{trace_id="a\\"b"\} 3 [\d.]+$/m)
    expect(await registry.metrics()).not.toContain('trace_id')
  })

  it('gives the same series as the text of the registry, of every metric there is, and leaves that as it was', async () => {
    const registry = new Registry()
    foreign(registry)
    const { scope } = createProgram({ registry })
    for (const name of ODD_NAMES) {
      const service = child(scope, name)
      start(service)
      run(service, 'task', name, 0.3)
      end(begin(service, 'close'), 1, new TypeError('x'))
    }
    const before = await registry.metrics()
    const text = await openMetrics(registry).metrics()

    // The one counter that has no suffix in text gets it here
    expect(seriesOf(text)).toEqual(seriesOf(before.replaceAll(/^unsuffixed /gm, 'unsuffixed_total ')))
    expect(await registry.metrics()).toBe(before)
    expect(await openMetrics(registry).metrics()).toBe(text)
    expect(text.split('\n').slice(-2)).toEqual(['# EOF', ''])
    expect(text.match(/# EOF/g)).toHaveLength(1)
    expect(text).not.toContain('\n\n')
  })

  it('is spared what a second registry of the client does to counters', async () => {
    const [text, open] = [new Registry(), new Registry(Registry.OPENMETRICS_CONTENT_TYPE)]
    const counter = new Counter({ name: 'made_total', help: 'x', registers: [text] })
    counter.inc({}, 1)
    open.registerMetric(counter as never)
    await open.metrics()
    expect(await text.metrics()).toContain('\nmade 1')
    expect(await openMetrics(text).metrics()).toContain('\nmade_total 1')
  })

  it('has the metrics of the process, each once', async () => {
    const registry = new Registry()
    client.collectDefaultMetrics({ register: registry })
    const families = parseExposition(await openMetrics(registry).metrics()).map(({ name }) => name)

    expect(families).toContain('process_cpu_seconds')
    expect(families).toContain('nodejs_eventloop_lag_p99_seconds')
    expect(new Set(families).size).toBe(families.length)
    expect(families).toHaveLength(registry.getMetricsAsArray().length)
  })

  it('sees what is registered and removed later, and collects each metric once a scrape', async () => {
    const registry = new Registry()
    const source = openMetrics(registry)
    expect(await source.metrics()).toBe('# EOF\n')
    let collections = 0
    const config = { name: 'late', help: 'x', registers: [registry] }
    const gauge = new Gauge({
      ...config,
      collect: async () => {
        await Promise.resolve()
        gauge.set({}, ++collections)
      },
    })
    expect(await source.metrics()).toBe('# HELP late x\n# TYPE late gauge\nlate 1\n# EOF\n')
    expect(await source.metrics()).toContain('\nlate 2\n')
    registry.removeSingleMetric('late')
    expect(await source.metrics()).toBe('# EOF\n')
  })

  it('has the default labels of the registry, whenever they were set', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    foreign(registry)
    start(child(scope, 'App'))
    for (const labels of [{ host: 'a"b' }, {}, { host: 'b', service_id: 'not this one' }]) {
      registry.setDefaultLabels(labels)
      const open = (await openMetrics(registry).metrics()).replaceAll('unsuffixed_total', 'unsuffixed')
      const text = await registry.metrics()
      expect(seriesOf(open)).toEqual(seriesOf(text))
      expect(open.includes('host=')).toBe('host' in labels)
    }
    expect(await openMetrics(registry).metrics()).toContain('svc_state_code{service_id="App",host="b"} 1\n')
  })

  it('shows each change after an earlier scrape', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const source = openMetrics(registry)
    const codes = async () => (await source.metrics()).match(/^svc_state_code.*$/gm)
    const app = child(scope, 'App')
    expect(await codes()).toBeNull()
    start(app)
    expect(await codes()).toEqual(['svc_state_code{service_id="App"} 1'])
    start(child(scope, 'Two'))
    expect(await codes()).toEqual(['svc_state_code{service_id="App"} 1', 'svc_state_code{service_id="Two"} 1'])
  })

  it('names the metric that cannot be collected', async () => {
    const registry = new Registry()
    const cause = new Error('no answer')
    for (const [name, collect] of [
      ['good', () => {}],
      ['bad', () => Promise.reject(cause)],
    ] as const) {
      registry.registerMetric(new Gauge({ name, help: 'x', registers: [], collect }) as never)
    }
    const source = openMetrics(registry)
    const draining = new AbortController().signal
    const probes = createProbes({
      source: createFakeSource(),
      draining,
      metrics: [registry, source],
      details: 'always',
    })
    for (const accept of ['text/plain', 'application/openmetrics-text']) {
      const response = await probes(new Request('http://localhost/metrics', { headers: { accept } }))
      const text = `${response.status} ${await response.text()}`
      expect(text).toBe('500 Cannot collect the metric "bad": Error: no answer\n')
    }
    await expect(registry.metrics()).rejects.toBe(cause)
    await expect(source.metrics()).rejects.toThrow(
      expect.objectContaining({ message: 'Cannot collect the metric "bad"', cause }),
    )
    expect(source.getMetricsAsArray()).toEqual(registry.getMetricsAsArray())
  })

  it('does for a registry that is for OpenMetrics itself', async () => {
    const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
    foreign(registry)
    createProgram({ registry })
    const first = await openMetrics(registry).metrics()
    await registry.metrics()
    expect(await openMetrics(registry).metrics()).toBe(first)
    expect(openMetrics(registry).contentType).toBe(registry.contentType)
  })
})

describe('openMetrics()', () => {
  it('renders our metrics again only when they have changed, and asks them for no values', async () => {
    const collect = vi.fn<Column['collect']>((sink) => {
      sink.add(createSeries('one_seconds', {}), 1)
    })
    let revision = 0
    const facts = { name: 'one_seconds', help: 'x', type: 'gauge', aggregator: 'max', index: 0 } as const
    const { metric } = createMetric({ ...facts, collect, revision: () => revision }, {})
    const get = vi.spyOn(metric, 'get')
    const source = openMetrics({ getMetricsAsArray: () => [metric] })
    const text = await source.metrics()
    expect(text).toBe(
      '# HELP one_seconds x\n# TYPE one_seconds gauge\n# UNIT one_seconds seconds\none_seconds 1\n# EOF\n',
    )
    expect(await source.metrics()).toBe(text)
    expect(collect).toHaveBeenCalledTimes(1)
    revision++
    await source.metrics()
    expect(collect).toHaveBeenCalledTimes(2)
    expect(get).not.toHaveBeenCalled()
  })

  it('refuses what is no registry', () => {
    const refused = [undefined, null, 'default', {}, { getMetricsAsArray: [] }].map((registry) => {
      try {
        return openMetrics(registry as never)
      } catch (error) {
        return String(error)
      }
    })
    expect(refused).toMatchInlineSnapshot(`
      [
        "TypeError: Cannot use the registry: expected an object, got undefined",
        "TypeError: Cannot use the registry: expected an object, got null",
        "TypeError: Cannot use the registry: expected an object, got "default"",
        "TypeError: Cannot use the method "getMetricsAsArray" of the registry: expected a function, got undefined",
        "TypeError: Cannot use the method "getMetricsAsArray" of the registry: expected a function, got an array",
      ]
    `)
  })

  it('takes a registry of each client', () => {
    expectTypeOf<promClient.Registry>().toExtend<ReadableRegistry>()
    expectTypeOf<promClient.Registry<promClient.OpenMetricsContentType>>().toExtend<ReadableRegistry>()
    expectTypeOf<prometheusIo.Registry>().toExtend<ReadableRegistry>()
    expect(openMetrics(new promClient.Registry()).contentType).toBe(promClient.openMetricsContentType)
  })

  it('can be handed around', async () => {
    const { metrics } = openMetrics(new promClient.Registry())
    expect(await metrics()).toBe('# EOF\n')
  })
})
