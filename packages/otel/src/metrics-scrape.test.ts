import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { spawnSync } from 'node:child_process'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createScope } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { afterEach, describe, expect, it } from 'vitest'
import { child, perform } from './fixtures/world.ts'
import { otel } from './otel.ts'

const NAMES: readonly string[] = [
  'gauge health',
  'gauge svc_build_info',
  'counter svc_close_failures_total',
  'counter svc_errors_dropped_total',
  'counter svc_errors_total',
  'histogram svc_health_check_duration',
  'gauge svc_health_conditions',
  'gauge svc_health_last_check_timestamp',
  'counter svc_health_transitions_total',
  'gauge svc_ready',
  'gauge svc_start_duration',
  'counter svc_start_failures_total',
  'gauge svc_start_time',
  'gauge svc_state',
  'gauge svc_state_code',
  'histogram svc_task_duration',
  'gauge svc_tasks_in_flight',
  'histogram svc_tick_lateness',
  'gauge svc_uptime',
  'gauge version',
]

describe("the metrics on a meter, scraped from OpenTelemetry's exporter for Prometheus", () => {
  let server: Server | undefined
  afterEach(() => {
    server?.close()
    server?.closeAllConnections()
  })

  /** What a scrape gets of a program of which every metric has something to tell. */
  async function scrape(): Promise<string> {
    const reader = new PrometheusExporter({ preventServerStart: true })
    const provider = new MeterProvider({ readers: [reader] })
    const exporter = otel({ meter: provider.getMeter('@svc/otel', '1.0.0') })
    const scope = createScope({ exporters: [exporter] })
    const { service: app, engine } = createServiceEngine({ name: 'App', parent: scope })
    const checker = createHealthChecker({ parent: scope, version: '1.2.3', commit: 'abcdef0' })
    checker.register(app)
    await app.start()
    await checker.start()
    engine.setHealthCondition('upstream', new Error('down'))
    await perform(child('Bad "one"\n', scope), 'start', () => Promise.reject(new RangeError('port')))
    await perform(child('Bad "one"\n', scope), 'close', () => Promise.reject(new RangeError('port')))
    await perform(child('Job', scope), 'task', () => {}, { label: 'work' })
    server = createServer((request, response) => {
      reader.getMetricsRequestHandler(request, response)
    })
    const listening = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', () => listening.resolve())
    await listening.promise
    const { port } = server.address() as AddressInfo
    engine.goTick({ periodMs: 60_000 }, () => {})
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    await checker.close()
    await app.close()
    exporter[Symbol.dispose]()
    return text
  }

  it('have the names that their users know, with a counter for each count and no unit in them', async () => {
    const text = await scrape()
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${type} ${name}`)
    expect(types.filter((it) => it !== 'gauge target_info').toSorted(byName)).toEqual(NAMES)
    expect(text).toContain('health{service_id="App",otel_scope_name="@svc/otel",otel_scope_version="1.0.0"} 0\n')
    expect(text).toContain('svc_start_failures_total{service_id="Bad \\"one\\"\\n",error_type="RangeError",')
    expect(text).toMatch(/^svc_task_duration_bucket\{service_id="Job",task="work",.*le="0.005"} 1$/m)
  })

  it('are text that Prometheus reads', async ({ skip }) => {
    const { error, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      input: await scrape(),
      encoding: 'utf8',
    })
    if (error !== undefined) skip('promtool is not installed')
    expect([status, stderr]).toEqual([0, ''])
  })
})

function byName(a: string, b: string): number {
  const [x, y] = [a, b].map((it) => it.split(' ')[1] as string) as [string, string]
  return x < y ? -1 : x > y ? 1 : 0
}
