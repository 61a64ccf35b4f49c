import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ruleFiles } from '../alerts/rule-files.ts'
import { type AilingProgram, startAilingProgram, TRACE_ID } from '../fixtures/ailing-program.ts'
import { annotationTargets, interpolate, panelsOf, type Target, targetsOf } from '../fixtures/panels-of.ts'
import { hasPrometheus, type PrometheusServer, type Series, startPrometheus } from '../fixtures/prometheus-server.ts'
import { until } from '../fixtures/until.ts'
import { createDashboard } from './dashboard.ts'

const dashboard = createDashboard('docs/runbook.md')
const panels = panelsOf(dashboard)
const targets = [...panels.flatMap(targetsOf), ...annotationTargets(dashboard)]

/** Longer than all of this takes on a busy machine, or what was at the beginning would be out of it. */
const RANGE_SECONDS = 600

/** As Grafana fills them in with all jobs, instances and services chosen. */
const VALUES = {
  __range: '10m',
  __range_s: `${RANGE_SECONDS}`,
  __interval: '1s',
  __rate_interval: '5s',
  job: 'svc',
  instance: '.+',
  service_id: '.+',
}

const SERVICES = ['App', 'App.Database', 'App.Flaky', 'App.Ticks', 'Clinging', 'Stillborn']

/** Rules that fire within seconds instead of minutes. */
const RULES = ruleFiles({ timeFactor: 0.01 })['svc-alerts.yml']

/** What Grafana asks Prometheus for a query of a panel. */
async function run(server: PrometheusServer, { expr, instant, range }: Target): Promise<readonly Series[]> {
  expect(instant !== range, expr).toBe(true)
  const now = Date.now() / 1000
  const query = interpolate(expr, VALUES)
  const times = instant === true ? { time: `${now}` } : { start: `${now - RANGE_SECONDS}`, end: `${now}`, step: '1' }
  const path = instant === true ? 'query' : 'query_range'
  return (await server.ask<{ result: readonly Series[] }>(path, { query, ...times })).result
}

function find(title: string, refId = 'A'): Target {
  const panel = panels.find((each) => each.title === title)
  return targetsOf(panel!).find((target) => target.refId === refId)!
}

function numbers({ value, values = [] }: Series): readonly number[] {
  return [...(value === undefined ? [] : [value]), ...values].map(([, text]) => Number(text))
}

describe('the dashboard on a real Prometheus', () => {
  let program: AilingProgram
  let server: PrometheusServer

  beforeAll(async () => {
    if (!hasPrometheus) return
    program = await startAilingProgram()
    server = await startPrometheus(program.address, RULES)
    const flaky = { query: 'sum_over_time(health{service_id="App.Flaky"}[1m]) >= 3' }
    await until('it is seen for a while in which all is well', async () => {
      const { result } = await server.ask<{ result: readonly Series[] }>('query', flaky)
      return result.length > 0
    })
    program.fail()
  })
  afterAll(async () => {
    await server?.end()
    await program?.end()
  })
  beforeEach((context) => {
    if (!hasPrometheus) context.skip('prometheus is not installed')
  })

  it.each(targets.map((target) => [target.where, target] as const))('has data for %s', async (where, target) => {
    const found = await until(where, async () => {
      const series = await run(server, target)
      return series.some((each) => numbers(each).some((value) => !Number.isNaN(value))) && series
    })
    const legend = [...(target.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
    for (const { metric } of found) expect(Object.keys(metric)).toEqual(expect.arrayContaining(legend))
  })

  it('finds the traces of runs', async () => {
    interface Found {
      readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[]
    }
    for (const { where, expr, exemplar } of targets) {
      if (exemplar !== true) continue
      const [found] = await until(where, async () => {
        const end = Date.now() / 1000
        const parameters = { query: interpolate(expr, VALUES), start: `${end - RANGE_SECONDS}`, end: `${end}` }
        const series = await server.ask<readonly Found[]>('query_exemplars', parameters)
        return series.length > 0 && series
      })
      expect(found?.exemplars[0]?.labels['trace_id']).toBe(TRACE_ID)
    }
  })

  it('has values for what is chosen at the top', async () => {
    const values = async (name: string): Promise<readonly string[]> => {
      const variable = dashboard.templating.list?.find((each) => each.name === name)
      const [, selector = ''] = /^label_values\((.*), \w+\)$/.exec(variable?.definition ?? '') ?? []
      return server.ask<readonly string[]>(`label/${name}/values`, { 'match[]': interpolate(selector, VALUES) })
    }
    expect(await values('job')).toEqual(['svc'])
    expect(await values('instance')).toEqual([program.address])
    expect(await values('service_id')).toEqual(SERVICES)
  })

  it('shows what is unhealthy, since when, and nothing that is not', async () => {
    const earliest = Date.now() - RANGE_SECONDS * 1000
    const row = await until('the flaky service is in the table', async () => {
      const rows = await run(server, find('Unhealthy now'))
      return rows.find(({ metric }) => metric['service_id'] === 'App.Flaky')
    })
    expect(row.metric).toEqual({ job: 'svc', instance: program.address, service_id: 'App.Flaky' })
    expect(numbers(row)[0]).toBeLessThanOrEqual(Date.now())
    expect(numbers(row)[0]).toBeGreaterThan(earliest)
    const rows = await run(server, find('Unhealthy now', 'D'))
    const states = Object.fromEntries(rows.map((each) => [each.metric['service_id'], numbers(each)[0]]))
    // One that was never healthy: since its start
    const since = (await run(server, find('Unhealthy now'))).find(({ metric }) => metric['service_id'] === 'Stillborn')
    const start = await run(server, {
      ...find('Unhealthy now'),
      expr: 'svc_start_time_seconds{service_id="Stillborn"}',
    })
    expect(Math.abs(numbers(since!)[0]! / 1000 - numbers(start[0]!)[0]!)).toBeLessThan(1)
    expect(states).toEqual({ 'App.Flaky': 1, Clinging: 6, Stillborn: 3 })
  })

  it('shows health and state as they went', async () => {
    const ofService = async (title: string, id: string): Promise<readonly number[]> => {
      const series = await run(server, find(title))
      const found = series.find(({ metric }) => metric['service_id'] === id)
      return found === undefined ? [] : numbers(found)
    }
    await until('the flaky service is red', async () => (await ofService('Health over time', 'App.Flaky')).includes(0))
    expect((await run(server, find('Health over time'))).map(({ metric }) => metric['service_id'])).toEqual(SERVICES)
    expect(new Set(await ofService('Health over time', 'App.Database'))).toEqual(new Set([1]))
    expect(new Set(await ofService('Health over time', 'App.Flaky'))).toEqual(new Set([1, 0]))
    expect((await ofService('State over time', 'Stillborn')).at(-1)).toBe(3)
    expect((await ofService('State over time', 'App.Ticks')).at(-1)).toBe(1)
  })

  it('names each alert as the runbook does', async () => {
    const labels = await until('an alert fires', async () => {
      const rows = await run(server, find('Alerts, firing and pending'))
      return rows.find(({ metric }) => metric['alertstate'] === 'firing')?.metric
    })
    expect(labels['runbook']).toBe(labels['alertname'])
    expect(labels['alertname']).toMatch(/^Svc/)
  })

  it('shows green again', async () => {
    program.mend()
    await until('the flaky service has left the table', async () => {
      const rows = await run(server, find('Unhealthy now'))
      return rows.every(({ metric }) => metric['service_id'] !== 'App.Flaky')
    })
    program.fail()
    const [down] = await run(server, find('Programs down'))
    expect(numbers(down!)).toEqual([0])
  })
})
