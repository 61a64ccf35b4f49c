import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createScope, emit, type RootScope } from '@svc/core'
import { createService } from '@svc/engine'
import { createHttpService, type HttpService } from '@svc/http'
import { otel, type OtelOptions } from '@svc/otel'
import { createProbes } from '@svc/probes'
import { afterEach, describe, expect, it } from 'vitest'
import { type Client, clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { ODD_NAMES } from './fixtures/odd-names.ts'
import { begin, child, createProgram, end, run, start } from './fixtures/program.ts'
import { NO_PROMETHEUS, type PrometheusServer, startPrometheus } from './fixtures/prometheus-server.ts'
import { until } from './fixtures/until.ts'
import { openMetrics, prometheus } from './index.ts'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

/** A listener of its own, as a program has for its probes. What it answered with is told by type. */
async function serve(
  metrics: Parameters<typeof createProbes>[0]['metrics'],
  served: (type: string | null) => void = () => {},
): Promise<string> {
  const scope = createScope()
  const probes = createProbes({ source: createFakeSource(), draining: scope.draining, metrics })
  const listener: HttpService = createHttpService({
    name: 'Admin',
    parent: scope,
    handler: async (request: Request) => {
      const response = await probes(request)
      served(response.headers.get('content-type'))
      return response
    },
  })
  await listener.start()
  cleanUps.push(() => listener.close())
  return listener.url()
}

async function scraped(targets: Readonly<Record<string, string>>): Promise<PrometheusServer> {
  const server = await startPrometheus(targets)
  cleanUps.unshift(() => server.end())
  await until(
    'every target was scraped',
    async () => (await server.query('scrape_samples_scraped > 0')).length === Object.keys(targets).length,
    60_000,
  )
  return server
}

describe('a real Prometheus', () => {
  it('takes both formats of each client, and finds the same series in them', async ({ skip }) => {
    if (NO_PROMETHEUS !== undefined) skip(NO_PROMETHEUS)
    const types: Record<string, Set<string | null>> = {}
    const targets: Record<string, string> = {}
    const told = (job: string) => (type: string | null) => void (types[job] ??= new Set()).add(type)
    for (const [name, client] of clients) {
      const registry = createFullRegistry(client)
      targets[`${name} text`] = await serve(registry, told(`${name} text`))
      targets[`${name} open`] = await serve([registry, openMetrics(registry)], told(`${name} open`))
    }
    const server = await scraped(targets)
    const jobs = Object.keys(targets)

    expect(await server.query('up')).toHaveLength(jobs.length)
    expect(await server.query('up == 0')).toEqual([])
    const { activeTargets } = await server.get<{ activeTargets: { lastError: string }[] }>('/api/v1/targets', {})
    expect(activeTargets.map(({ lastError }) => lastError)).toEqual(jobs.map(() => ''))
    for (const job of jobs) {
      const type = job.endsWith('open') ? 'application/openmetrics-text; version=1.0.0' : 'text/plain; version=0.0.4'
      expect([job, ...(types[job] ?? [])]).toEqual([job, `${type}; charset=utf-8`])
    }
    // All but what the time of the scrape changes, and what Prometheus adds
    const selector = '__name__!~"up|scrape_.*|uptime_seconds|process_.*|nodejs_.*"'
    const [first = [], ...others] = await Promise.all(
      jobs.map(async (job) => {
        const series = await server.query(`{job="${job}",${selector}}`)
        return series.map((it) => it.replaceAll(/\["(job|instance)","[^"]*"\],?/g, '')).toSorted()
      }),
    )
    expect(first.length).toBeGreaterThan(ODD_NAMES.length * 20)
    for (const other of others) expect(other).toEqual(first)
    expect(await server.query(`count({job=~".* open",__name__=~"process_.*|nodejs_.*"}) by (job) > 20`)).toHaveLength(2)
    const metadata = await server.get<{ metric: string; type: string; unit: string; help: string }[]>(
      '/api/v1/targets/metadata',
      { match_target: '{job="prom-client open"}' },
    )
    expect(metadata.find(({ metric }) => metric === 'svc_task_duration_seconds')).toMatchObject({
      type: 'histogram',
      unit: 'seconds',
      help: 'How long tasks and ticks of a service took',
    })
    expect(metadata.find(({ metric }) => metric === 'own')).toMatchObject({ help: 'With a "quote" and a \\' })
  }, 180_000)

  it('finds the span of a tick and of a task by its exemplar, and with "errors" of one that failed', async ({
    skip,
  }) => {
    if (NO_PROMETHEUS !== undefined) skip(NO_PROMETHEUS)
    const programs = await Promise.all([
      startProgram(clients[0]![1], { ticks: 'all', tasks: 'all' }),
      startProgram(clients[1]![1], { ticks: 'errors', tasks: 'errors' }),
    ])
    const server = await scraped({ all: programs[0].url, errors: programs[1].url })
    const exemplarsOf = async (job: string, label: string): Promise<readonly ExemplarOf[]> => {
      const now = Date.now() / 1000
      const found = await server.get<{ exemplars: ExemplarOf[] }[]>('/api/v1/query_exemplars', {
        query: `svc_task_duration_seconds_bucket{service_id="App",job="${job}",task="${label}"}`,
        start: String(now - 300),
        end: String(now + 300),
      })
      return found.flatMap(({ exemplars }) => exemplars)
    }
    for (const [job, program, labels] of [
      ['all', programs[0], ['beat', 'bad beat', 'work', 'bad work']],
      ['errors', programs[1], ['bad beat', 'bad work']],
    ] as const) {
      for (const label of labels) {
        const exemplars = await until(
          `an exemplar of "${label}" of "${job}"`,
          async () => {
            const all = await exemplarsOf(job, label)
            return all.length > 0 && all
          },
          30_000,
        )
        for (const { labels: ids, value, timestamp } of exemplars) {
          const span = program.find(ids['span_id'] ?? '')
          expect([span?.attributes['svc.task.name'], span?.spanContext().traceId]).toEqual([label, ids['trace_id']])
          expect(Object.keys(ids).toSorted()).toEqual(['span_id', 'trace_id'])
          const [from, to] = [secondsOf(span?.startTime), secondsOf(span?.endTime)]
          expect(Number(value)).toBeCloseTo(to - from, 3)
          expect(timestamp).toBeCloseTo(to, 2)
        }
      }
    }
    // What went well has no span there, and so no exemplar; it is counted all the same
    expect(await exemplarsOf('errors', 'beat')).toEqual([])
    expect(await server.query('svc_task_duration_seconds_count{job="errors",task="beat"} > 0')).toHaveLength(1)
  }, 240_000)
})

function secondsOf([seconds, nanoseconds]: readonly [number, number] = [0, 0]): number {
  return seconds + nanoseconds / 1e9
}

interface ExemplarOf {
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
  readonly timestamp: number
}

/** Everything that there may be: our metrics under odd names, those of the process, and one of the program's own. */
function createFullRegistry(
  client: Client,
): Parameters<typeof prometheus>[0]['registry'] & InstanceType<Client['Registry']> {
  const registry = new client.Registry()
  client.collectDefaultMetrics({ register: registry })
  new client.Gauge({ name: 'own', help: 'With a "quote" and a \\', registers: [registry] }).set({}, 1)
  const { scope } = createProgram({ registry, maxServices: ODD_NAMES.length })
  const source = createFakeSource()
  for (const name of [...ODD_NAMES, 'One more']) {
    const service = child(scope, name)
    start(service)
    run(service, 'task', name, 0.3)
    end(begin(service, 'start'), 0.25, Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
    end(begin(service, 'close'), 0.25, new TypeError('x'))
    emit(service, { type: 'error', scope: service, error: new Error('x'), dropped: 1 })
  }
  source.poll(scope, Object.fromEntries(ODD_NAMES.map((name) => [name, null])))
  return registry
}

/** A service at work, whose ticks and tasks go well or fail, with a listener and its spans. */
async function startProgram(client: Client, options: OtelOptions) {
  const registry = new client.Registry()
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const spans = otel({ tracerProvider, ...options })
  const scope: RootScope = createScope({ exporters: [prometheus({ registry, spans }), spans] })
  const app = createService({
    name: 'App',
    parent: scope,
    start: (engine) => {
      const fail = (): never => {
        throw new Error('bad')
      }
      engine.goTick({ periodMs: 50 }, () => {}, { label: 'beat' })
      engine.goTick({ periodMs: 50 }, fail, { label: 'bad beat' })
      engine.goTick({ periodMs: 50 }, () => {
        engine.go(() => {}, { label: 'work' })
        engine.go(fail, { label: 'bad work' })
      })
    },
  })
  await app.start()
  cleanUps.push(() => app.close())
  return {
    url: await serve([registry, openMetrics(registry)]),
    find: (spanId: string) => exporter.getFinishedSpans().find((span) => span.spanContext().spanId === spanId),
  }
}
