import { VariableType } from '@grafana/grafana-foundation-sdk/dashboard'
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { describe, expect, it } from 'vitest'
import { exportedMetrics } from '../exported-metrics.ts'
import { annotationTargets, interpolate, panelsOf, targetsOf } from '../fixtures/panels-of.ts'
import { checkExpression, type KnownMetric } from '../fixtures/promql.ts'
import { createDashboard } from './dashboard.ts'

const dashboard = createDashboard('docs/runbook.md')
const panels = panelsOf(dashboard)
const exported = await exportedMetrics()
const ours = ['job', 'instance', 'service_id', 'alertname', 'severity']
/** What programs export, and what Prometheus itself adds to it. */
const metrics = new Map<string, KnownMetric>([
  ...exported,
  ['up', { type: 'gauge', labels: new Set() }],
  ['ALERTS', { type: 'gauge', labels: new Set([...ours, 'alertstate']) }],
  ['ALERTS_FOR_STATE', { type: 'gauge', labels: new Set(ours) }],
])

/** All of Grafana's own that a query may name, and the variables of this dashboard. */
const VALUES = {
  __range: '3h',
  __range_s: '10800',
  __interval: '30s',
  __rate_interval: '1m',
  job: 'svc',
  instance: '.+',
  service_id: '.+',
}

function check(expr: string): ReturnType<typeof checkExpression> {
  return checkExpression(interpolate(expr, VALUES), metrics)
}

const targets = [...panels.flatMap(targetsOf), ...annotationTargets(dashboard)]

describe('the expressions of the dashboard', () => {
  it.each(targets.map((target) => [target.where, target] as const))(
    'are PromQL over what is exported: %s',
    (_, { expr, legendFormat = '' }) => {
      const { problems, labels } = check(expr)
      expect(problems).toEqual([])
      for (const [, label] of legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)) expect([...labels]).toContain(label)
    },
  )

  it('name a legend for each line that there may be', () => {
    for (const { where, expr, legendFormat, format } of targets) {
      if (format === PromQueryFormat.Table || where.startsWith('annotation')) continue
      const { labels } = check(expr)
      const named = [...(legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
      // A job has instances of its own: its name would be said twice
      expect(
        [...labels].filter((label) => !named.includes(label) && label !== 'job'),
        where,
      ).toEqual([])
    }
  })

  it('stand for everything that is exported of services', () => {
    const used = new Set(targets.flatMap(({ expr }) => [...check(expr).metrics].map(familyOf)))
    const shown = new Set([...exported.values()].map(({ family }) => family).filter((family) => used.has(family)))
    const missing = [...exported.values()]
      .map(({ family }) => family)
      .filter((family) => /^(svc_|health$)/.test(family))
    // It says the same as svc_state_code
    const elsewhere = ['svc_state']
    expect([...new Set(missing)].filter((family) => !shown.has(family))).toEqual(elsewhere)
  })

  it('are read live where a number stands for now, so that what is gone does not look alive', () => {
    for (const panel of panels.filter(({ type }) => ['stat', 'table', 'bargauge'].includes(type))) {
      for (const { where, instant, range } of targetsOf(panel)) {
        expect({ where, instant, range }).toEqual({ where, instant: true, range: false })
      }
    }
  })

  it('ask for exemplars where durations of ticks and tasks are shown', () => {
    const withExemplars = targets.filter(({ exemplar }) => exemplar === true).map(({ expr }) => check(expr).metrics)
    expect(withExemplars.length).toBe(2)
    for (const used of withExemplars) expect([...used]).toContain('svc_task_duration_seconds_bucket')
  })

  it('give each column of a table, and each label that a link names', () => {
    for (const panel of panels) {
      const { title, type, transformations = [] } = panel
      const own = targetsOf(panel)
      const labels = new Set(own.flatMap(({ expr }) => [...check(expr).labels]))
      for (const [, label] of JSON.stringify(panel).matchAll(/__(?:data\.fields|field\.labels)\.(\w+)/g)) {
        expect([...labels], `${title}: a link`).toContain(label)
      }
      if (type !== 'table') continue
      // Rows are put together by the labels that all queries have: one of them has to have no other
      const each = own.map(({ expr }) => [...check(expr).labels])
      const common = each.reduce((left, right) => left.filter((label) => right.includes(label)))
      expect(common).toEqual(expect.arrayContaining(['job', 'instance']))
      expect(Math.min(...each.map(({ length }) => length)), title).toBe(common.length)
      const values = own.length === 1 ? ['Value'] : own.map(({ refId }) => `Value #${refId}`)
      const { excludeByName, indexByName, renameByName } = transformations.find(({ id }) => id === 'organize')!
        .options as {
        excludeByName: Record<string, boolean>
        indexByName: Record<string, number>
        renameByName: Record<string, string>
      }
      const { Time: _, ...hidden } = excludeByName
      const copy = transformations.find(({ id }) => id === 'calculateField')?.options as
        | { alias: string; binary: { left: string } }
        | undefined
      if (copy !== undefined) expect(values).toContain(copy.binary.left)
      const shown = [...Object.keys(renameByName), ...Object.keys(hidden)].filter((field) => field !== copy?.alias)
      expect(shown.toSorted(), title).toEqual([...labels, ...values].toSorted())
      expect(Object.keys(indexByName)).toEqual(Object.keys(renameByName))
      const { sortBy = [] } = panel.options as { sortBy?: readonly { displayName: string }[] }
      for (const { displayName } of sortBy) expect(Object.values(renameByName)).toContain(displayName)
      const overridden = (panel.fieldConfig?.overrides ?? [])
        .filter(({ matcher }) => matcher.id === 'byName')
        .map(({ matcher }) => matcher.options as string)
      expect(Object.values(renameByName)).toEqual(expect.arrayContaining(overridden))
    }
  })

  it('limit how many lines and rows there are', () => {
    for (const panel of panels.filter(({ type }) => ['timeseries', 'state-timeline', 'bargauge'].includes(type))) {
      for (const { where, expr } of targetsOf(panel)) {
        const few = /\b(?:topk|bottomk)\((?:\d|[1-4]\d), /.test(expr) || expr.startsWith('count by (job, version)')
        expect(few, where).toBe(true)
      }
    }
  })
})

describe('the variables of the dashboard', () => {
  it('are values of labels that are exported, each within what is chosen before it', () => {
    const queries = (dashboard.templating.list ?? []).flatMap(({ name, query, definition, type, datasource }) => {
      if (type !== VariableType.Query) return []
      const { qryType, query: text } = query as { qryType: number; query: string }
      expect(text).toBe(definition)
      expect(qryType).toBe(1)
      expect(datasource?.uid).toBe('${DS}')
      return [[name, text] as const]
    })
    expect(queries.map(([name]) => name)).toEqual(['job', 'instance', 'service_id'])
    for (const [index, [name, text]] of queries.entries()) {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(text) ?? []
      const { problems, labels } = check(selector)
      expect(problems).toEqual([])
      expect([...labels]).toContain(label)
      expect(label).toBe(name)
      for (const [earlier] of queries.slice(0, index)) expect(text).toContain(`${earlier}=~"$${earlier}"`)
    }
  })
})

function familyOf(name: string): string {
  return exported.get(name)?.family ?? name
}
