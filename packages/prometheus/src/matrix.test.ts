import { emit } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { type Client, clients, type TestRegistry } from './fixtures/clients.ts'
import { type Family, parseExposition } from './fixtures/exposition.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { begin, child, createProgram, fail, run, start } from './fixtures/program.ts'
import { openMetrics } from './index.ts'

interface Row {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  /** As OpenMetrics tells it; text has it in the name. */
  readonly unit?: 'seconds'
  readonly labels: readonly string[]
  readonly aggregator: 'min' | 'max' | 'sum' | 'first'
}

const STATES = '0 Unstarted, 1 Started, 2 Starting, 3 StartFailed, 4 Stopping, 5 Stopped, 6 StopFailed'

/** Every metric that there is, as the README and the dashboards have it. */
const ROWS: readonly Row[] = [
  row('health', 'gauge', 'Health of a service: 1 healthy, 0 unhealthy', ['service_id'], 'min'),
  { ...row('uptime_seconds', 'gauge', 'Time since the health checker was started', [], 'max'), unit: 'seconds' },
  row('version', 'gauge', 'Version and commit of the program; always 1', ['version', 'commit'], 'first'),
  row(
    'svc_build_info',
    'gauge',
    'Version, commit and runtime of the program; always 1',
    ['version', 'commit', 'runtime'],
    'first',
  ),
  row('svc_ready', 'gauge', 'Readiness of a registered service: 1 ready, 0 not ready', ['service_id'], 'min'),
  {
    ...row(
      'svc_health_last_check_timestamp_seconds',
      'gauge',
      'When reporters were last polled, in seconds since the epoch',
      [],
      'min',
    ),
    unit: 'seconds',
  },
  {
    ...row('svc_health_check_duration_seconds', 'histogram', 'How long health checks took', [], 'sum'),
    unit: 'seconds',
  },
  row(
    'svc_state',
    'gauge',
    'State of a service: 1 for the one that it is in, 0 for the other six',
    ['service_id', 'state'],
    'max',
  ),
  row('svc_state_code', 'gauge', `State of a service by number: ${STATES}`, ['service_id'], 'max'),
  {
    ...row(
      'svc_start_time_seconds',
      'gauge',
      'When the start of a service began, in seconds since the epoch',
      ['service_id'],
      'first',
    ),
    unit: 'seconds',
  },
  {
    ...row(
      'svc_start_duration_seconds',
      'gauge',
      'How long the start of a service took, failed or not',
      ['service_id'],
      'max',
    ),
    unit: 'seconds',
  },
  row(
    'svc_start_failures_total',
    'counter',
    'Failed starts of a service, by type of error',
    ['service_id', 'error_type'],
    'sum',
  ),
  row(
    'svc_close_failures_total',
    'counter',
    'Failed closes of a service, by type of error',
    ['service_id', 'error_type'],
    'sum',
  ),
  row('svc_errors_total', 'counter', 'Health errors that a service has emitted', ['service_id'], 'sum'),
  row(
    'svc_errors_dropped_total',
    'counter',
    'Health errors of a service that were dropped before anyone saw them',
    ['service_id'],
    'sum',
  ),
  row(
    'svc_health_transitions_total',
    'counter',
    'Changes of a service between healthy and unhealthy',
    ['service_id', 'to'],
    'sum',
  ),
  row('svc_health_conditions', 'gauge', 'Health conditions of a service that are set', ['service_id'], 'max'),
  {
    ...row(
      'svc_task_duration_seconds',
      'histogram',
      'How long tasks and ticks of a service took',
      ['service_id', 'task'],
      'sum',
    ),
    unit: 'seconds',
  },
  {
    ...row(
      'svc_tick_lateness_seconds',
      'histogram',
      'How long after they were due ticks of a service began',
      ['service_id', 'task'],
      'sum',
    ),
    unit: 'seconds',
  },
  row('svc_tasks_in_flight', 'gauge', 'Tasks and ticks of a service that are running', ['service_id'], 'sum'),
]

function row(
  name: string,
  type: Row['type'],
  help: string,
  labels: readonly string[],
  aggregator: Row['aggregator'],
): Row {
  return { name, type, help, labels, aggregator }
}

/** A registry whose every metric has series. */
function fill(registry: TestRegistry): void {
  const { scope } = createProgram({ registry })
  const source = createFakeSource()
  const app = child(scope, 'App')
  start(app)
  fail(app, 'start', new Error('x'))
  fail(app, 'close', new Error('x'))
  run(app, 'task', 'import', 0.3)
  begin(app, 'tick', 'vacuum', undefined, 20)
  emit(app, { type: 'error', scope: app, error: new Error('x'), dropped: 1 })
  emit(app, { type: 'condition', scope: app, key: 'k', error: new Error('x'), active: 1 })
  source.poll(scope, { App: null })
}

/** How each client is made to show the metrics, and whether that is OpenMetrics. */
type Format = (client: Client) => { readonly registry: TestRegistry; metrics(): Promise<string> }
const FORMATS: readonly (readonly [name: string, isOpen: boolean, format: Format])[] = [
  [
    'text 0.0.4',
    false,
    ({ Registry }) => {
      const registry = new Registry()
      return { registry, metrics: () => registry.metrics() }
    },
  ],
  [
    'OpenMetrics of openMetrics()',
    true,
    ({ Registry }) => {
      const registry = new Registry()
      return { registry, metrics: () => openMetrics(registry).metrics() }
    },
  ],
  [
    'OpenMetrics of a registry of its own',
    true,
    ({ Registry }) => {
      const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
      return { registry, metrics: () => registry.metrics() }
    },
  ],
]

function seriesNames({ name, type }: Row): string[] {
  return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name]
}

describe.each(clients)('with %s', (_, client) => {
  describe.each(FORMATS)('as %s', (format, isOpen, create) => {
    async function families(): Promise<readonly Family[]> {
      const { registry, metrics } = create(client)
      fill(registry)
      return parseExposition(await metrics())
    }

    it('there are these metrics and no others, each once', async () => {
      const names = ROWS.map(({ name, type }) => (isOpen && type === 'counter' ? name.replace(/_total$/, '') : name))
      expect((await families()).map(({ name }) => name)).toEqual(names)
    })

    it.each(ROWS)('$name has its type, help, unit, labels and names of series', async (expected) => {
      const { name, type, help, unit, labels } = expected
      const family = isOpen && type === 'counter' ? name.replace(/_total$/, '') : name
      const found = (await families()).filter((it) => it.name === family)
      // A client's own registry has no word for units
      const told = format === 'OpenMetrics of openMetrics()' ? unit : undefined
      expect(found).toMatchObject([{ type, help, unit: told }])
      const series = found[0]?.series ?? []
      expect([...new Set(series.map((it) => it.name))]).toEqual(seriesNames(expected))
      for (const { labels: own } of series) {
        expect(Object.keys(own).filter((label) => label !== 'le')).toEqual(labels)
      }
      if (unit !== undefined) expect(name.endsWith(`_${unit}`)).toBe(true)
    })
  })

  it.each(ROWS)('$name is combined over a cluster by "$aggregator"', async ({ name, aggregator }) => {
    const registry = new client.Registry()
    fill(registry)
    expect((await registry.getMetricsAsJSON()).filter((it) => (it as Row).name === name)).toMatchObject([
      { aggregator },
    ])
  })
})
