import { Document, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { checkRuleOptions, type RuleOptions } from './options.ts'
import { programAlerts } from './program-alerts.ts'
import { recordingRules } from './recording-rules.ts'
import { type AlertRule, duration, type RecordingRule } from './rule.ts'
import { serviceAlerts } from './service-alerts.ts'

/** The rules as Prometheus reads them, and as its operator does in Kubernetes. */
export interface RuleFiles {
  readonly 'svc-alerts.yml': string
  readonly 'svc-prometheusrule.yml': string
}

const HEAD = `Alerts and recording rules for programs made with @svc. Written by \`npm run observability\`:
change apps/observability/src/alerts instead. What each alert means, and what to do, is in docs/runbook.md.`

/**
 * Writes the rules.
 *
 * @throws RangeError for wrong options
 */
export function ruleFiles(options: RuleOptions = {}): RuleFiles {
  const settings = checkRuleOptions(options)
  const rules = [...recordingRules(settings), ...programAlerts(settings), ...serviceAlerts(settings)]
  const comments = rules.map(({ why }) => why)
  // One group, since the rules of a group are evaluated one after the other: alerts read what was recorded just before.
  const groups = [{ name: 'svc', rules: rules.map((rule) => toRule(rule, settings)) }]
  return {
    'svc-alerts.yml': write({ groups }, ['groups'], comments),
    'svc-prometheusrule.yml': write(
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: 'svc', labels: { 'app.kubernetes.io/name': 'svc' } },
        spec: { groups },
      },
      ['spec', 'groups'],
      comments,
    ),
  }
}

/** Where an alert is explained: the headings of the runbook are the names of the alerts. */
export function anchorOf(alert: string): string {
  return alert.toLowerCase()
}

interface Target {
  readonly runbook: string
  readonly timeFactor: number
}

function toRule(rule: AlertRule | RecordingRule, { runbook, timeFactor }: Target): object {
  if ('record' in rule) return { record: rule.record, expr: rule.expr }
  const { alert, expr, forSeconds, keepFiringForSeconds, severity, summary, description } = rule
  const time = (key: string, seconds: number | undefined): object =>
    seconds === undefined ? {} : { [key]: duration(seconds * timeFactor) }
  return {
    alert,
    expr,
    ...time('for', forSeconds),
    ...time('keep_firing_for', keepFiringForSeconds),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbook}#${anchorOf(alert)}` },
  }
}

function write(content: object, path: readonly string[], comments: readonly string[]): string {
  const document = new Document(content, { aliasDuplicateObjects: false })
  document.commentBefore = commentOf(HEAD)
  const groups = document.getIn(path) as YAMLSeq<YAMLMap>
  const rules = groups.items[0]?.get('rules') as YAMLSeq<YAMLMap>
  for (const [index, rule] of rules.items.entries()) {
    rule.commentBefore = commentOf(wrap(comments[index] ?? ''))
    rule.spaceBefore = index > 0
    const expr = rule.get('expr', true) as Scalar<string>
    if (expr.value.includes('\n')) expr.type = 'BLOCK_LITERAL'
  }
  return document.toString({ lineWidth: 0, singleQuote: true })
}

function commentOf(text: string): string {
  return text.replaceAll(/^/gm, ' ')
}

function wrap(text: string): string {
  return text.replaceAll(/(?=.{101})(.{1,100}) /g, '$1\n')
}
