import { beforeAll, describe, expect, it } from 'vitest'
import { exportedMetrics } from '../exported-metrics.ts'
import { checkExpression, type KnownMetric } from '../fixtures/promql.ts'
import { committedAlerts, read, rulesOf, testsIn } from '../fixtures/rules.ts'
import { anchorOf } from './rule-files.ts'

/** What a target has besides the labels of its metrics, in Kubernetes and where several Prometheus are joined. */
const TARGET = ['cluster', 'namespace', 'job', 'instance']

const alerts = committedAlerts()
const names = [...new Set(alerts.map(({ alert }) => alert))]

describe('every alert', () => {
  const known = new Map<string, KnownMetric>()
  const results = new Map<string, ReadonlySet<string>>()
  const problems: string[] = []

  beforeAll(async () => {
    known.set('up', { type: 'gauge', labels: new Set(TARGET) })
    for (const [name, { type, labels }] of await exportedMetrics()) {
      known.set(name, { type, labels: new Set([...labels, ...TARGET]) })
    }
    const rules = rulesOf(read('observability/svc-alerts.yml'))
    // A rule may use what any other records, itself too; twice, since only then all are known
    for (const round of [1, 2]) {
      for (const { record, alert, labels, expr } of rules) {
        const checked = checkExpression(expr, known)
        if (record !== undefined)
          known.set(record, { type: 'gauge', labels: checked.labels.size > 0 ? checked.labels : new Set(TARGET) })
        else results.set(`${alert} ${labels?.severity}`, checked.labels)
        if (round === 2) problems.push(...checked.problems.map((problem) => `${record ?? alert}: ${problem}`))
      }
    }
  })

  it('asks for metrics and labels that there are', () => {
    // It falls when a program starts anew, which is all that is asked of it
    expect(problems).toEqual(['SvcCrashLoop: resets of a gauge: uptime_seconds'])
  })

  it('has a summary, a description that names what it is about, and an entry in the runbook', () => {
    const headings = new Set([...read('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading))
    for (const { alert, labels, annotations } of alerts) {
      expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url'])
      expect(annotations['runbook_url']).toBe(`docs/runbook.md#${anchorOf(alert)}`)
      expect(headings).toContain(alert)
      expect(['critical', 'warning', 'info']).toContain(labels.severity)
      const { summary = '', description = '' } = annotations
      const result = results.get(`${alert} ${labels.severity}`) ?? new Set()
      const named = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label)
      expect(
        named.filter((label) => !result.has(label ?? '')),
        alert,
      ).toEqual([])
      const subject = result.has('service_id') ? 'service_id' : 'job'
      for (const text of [summary, description]) expect(text, alert).toContain(`$labels.${subject}`)
    }
  })

  it('has a test that sees it fire, not one evaluation earlier, and one that stays a little below', () => {
    const tests = testsIn('observability/tests/alerts.test.yml')
    for (const { alert, labels } of alerts) {
      const groups = tests.map(({ alert_rule_test = [] }) =>
        alert_rule_test.filter(({ alertname }) => alertname === alert),
      )
      const fires = ({ exp_alerts }: { exp_alerts: readonly { exp_labels: Readonly<Record<string, string>> }[] }) =>
        exp_alerts.some(({ exp_labels }) => exp_labels['severity'] === labels.severity)
      const seen = groups.filter((group) => group.some(fires))
      expect(
        seen.some(([first]) => first?.exp_alerts.length === 0),
        `${alert} fires, and not before`,
      ).toBe(true)
      const below = groups.filter(
        (group) => group.length > 0 && group.every(({ exp_alerts }) => exp_alerts.length === 0),
      )
      expect(below.length, `${alert} stays below`).toBeGreaterThan(0)
    }
  })
})

describe('the runbook', () => {
  it('has no entry for an alert that there is not', () => {
    const headings = [...read('docs/runbook.md').matchAll(/^## (Svc.+)$/gm)].map(([, heading]) => heading)
    expect(new Set(headings)).toEqual(new Set(names))
    expect(headings).toHaveLength(names.length)
  })

  it('says of each alert what it means, what to look at, what to do and what to check after', () => {
    const entries = read('docs/runbook.md').split(/^## /m).slice(1)
    for (const entry of entries.filter((text) => text.startsWith('Svc'))) {
      const parts = [...entry.matchAll(/^\*\*(.+?)\.?\*\*/gm)].map(([, part]) => part)
      expect(parts, entry.split('\n')[0]).toEqual(['Means', 'Look', 'Do', 'After'])
    }
  })

  it('has queries that can be pasted', async () => {
    const known = new Map<string, KnownMetric>()
    known.set('up', { type: 'gauge', labels: new Set(TARGET) })
    known.set('svc:up:ours', { type: 'gauge', labels: new Set(TARGET) })
    known.set('ALERTS', { type: 'gauge', labels: new Set([...TARGET, 'alertname', 'alertstate', 'service_id']) })
    for (const [name, { type, labels }] of await exportedMetrics()) known.set(name, { type, labels })
    const queries = [...read('docs/runbook.md').matchAll(/^```promql\n([^]*?)^```/gm)].flatMap(([, text = '']) =>
      text.trim().split('\n'),
    )
    expect(queries.length).toBeGreaterThan(10)
    expect(queries.flatMap((query) => checkExpression(query, known).problems)).toEqual([])
  })
})
