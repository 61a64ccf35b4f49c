import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { checkRuleOptions } from '../alerts/options.ts'
import { programAlerts } from '../alerts/program-alerts.ts'
import { anchorOf } from '../alerts/rule-files.ts'
import { serviceAlerts } from '../alerts/service-alerts.ts'
import {
  columnOf,
  ERROR_LINKS,
  PROGRAM_LINK,
  RUNBOOK_LINK,
  serviceLink,
  STATE_MAP,
  thresholds,
  valueMap,
} from './fields.ts'
import { sortedBy, stat, table } from './panels.ts'
import { ALERT, column, now, PROGRAM, SERVICE } from './queries.ts'

/** One row of the table for each unhealthy service of each program. */
const ROW = 'job, instance, service_id'
const UNHEALTHY = `health{${SERVICE}} == 0`
/** When a service was last seen healthy; else when it was started, or where the time range begins, if that is later. */
const LAST_HEALTHY = `max_over_time(timestamp(health{${SERVICE}} == 1)[$__range:$__interval])`
const STARTED = `clamp_min(svc_start_time_seconds{${SERVICE}}, time() - $__range_s)`
const SINCE = `max by (${ROW}) ((${LAST_HEALTHY} or ${STARTED} or ((${UNHEALTHY}) + time() - $__range_s)) and (${UNHEALTHY}))`

/** Into how many steps the time range is cut to find that: more are more exact, and this query costs the most of all. */
const SINCE_STEPS = 120

/** What somebody who was woken sees first: how much is red, what it is, since when, and where to read on. */
export function nowPanels(): readonly Builder<Panel>[] {
  return [...stats(), unhealthy(), alerts()]
}

function stats(): readonly Builder<Panel>[] {
  return [
    stat({
      title: 'Unhealthy services',
      description:
        'Services that report an error, counted once for each program that runs them. Each is a part that does not do its work. Next: the table below says which, since when, and leads to the error.',
      noValue: 'Nothing reports health',
    })
      .unit('short')
      .thresholds(thresholds([1, 'red']))
      .withTarget(now(`sum(health{${SERVICE}} == bool 0)`)),
    stat({
      title: 'Not ready',
      description:
        'Services that should not get traffic yet, or no longer: they start, drain, or have failed to start. Next: the timeline of states.',
      noValue: 'Nothing reports readiness',
    })
      .unit('short')
      .thresholds(thresholds([1, 'orange']))
      .withTarget(now(`sum(svc_ready{${SERVICE}} == bool 0)`)),
    stat({
      title: 'Programs down',
      description:
        'Programs that Prometheus could not scrape. Nothing else here knows of what they do, so this counts more than a service that is red. Next: whether the process runs, and its last log lines.',
      noValue: 'No program found',
    })
      .unit('short')
      .thresholds(thresholds([1, 'red']))
      .withTarget(now(`sum(up{${PROGRAM}} == bool 0)`)),
    stat({
      title: 'Alerts firing',
      description:
        'Alerts of the rules that come with this dashboard. Next: the table of alerts, which leads to the runbook.',
      noValue: 'None',
    })
      .unit('short')
      .thresholds(thresholds([1, 'red']))
      // None is no alarm: the alerts that fire are the only ones that there are
      .mappings([])
      .withTarget(now(`count(ALERTS{${ALERT}, alertstate="firing"})`)),
    stat({
      title: 'Oldest health check',
      description:
        'The time since the health of a program was last looked at; it is looked at every 15 seconds unless set otherwise. When this grows, every green here is old news. Next: the delay of the event loop, further down.',
      noValue: 'No health check seen',
    })
      .unit('s')
      .decimals(0)
      .thresholds(thresholds([45, 'orange'], [60, 'red']))
      .withTarget(now(`max(time() - svc_health_last_check_timestamp_seconds{${PROGRAM}})`)),
    stat({
      title: 'Last restart',
      description:
        'How long ago the youngest program was started. A restart that nobody asked for is often the cause of what is red, and may hide its first error. Next: the row on starts, and versions at the end.',
      noValue: 'No program found',
    })
      .unit('s')
      .decimals(0)
      .thresholds(thresholds([0, 'blue'], [600, 'green']))
      .withTarget(now(`min(time() - process_start_time_seconds{${PROGRAM}})`)),
  ].map((panel) => panel.span(4).height(4))
}

function unhealthy(): Builder<Panel> {
  const red = `and on (${ROW}) (${UNHEALTHY})`
  return table(
    {
      title: 'Unhealthy now',
      description:
        'Each service that is unhealthy, the one that has been so for longest first. Each stands for itself: what depends on it may be red as well, so begin with the one that was first. Errors that come and go count as well as conditions that stay. Next: the links of a service open the page of the program, which has the text of its error, and its traces. "Since" is as exact as a 120th of the time range, and looks no further back.',
      noValue: 'Every service that reports is healthy',
    },
    [
      ['service_id', 'Service'],
      ['Value #A', 'Since'],
      ['ago', 'That is'],
      ['Value #B', 'Errors per minute'],
      ['Value #C', 'Conditions'],
      ['Value #D', 'State'],
      ['Value #E', 'Times'],
      ['instance', 'Instance'],
      ['job', 'Job'],
    ],
    { copy: { of: 'Value #A', as: 'ago' } },
  )
    .sortBy(sortedBy('Since', false))
    .maxDataPoints(SINCE_STEPS)
    .withTarget(column('A', `1000 * ${SINCE}`))
    .withTarget(column('B', `60 * sum by (${ROW}) (rate(svc_errors_total{${SERVICE}}[5m])) ${red}`))
    .withTarget(column('C', `max by (${ROW}) (svc_health_conditions{${SERVICE}}) ${red}`))
    .withTarget(column('D', `max by (${ROW}) (svc_state_code{${SERVICE}}) ${red}`))
    .withTarget(
      column(
        'E',
        `sum by (${ROW}) (increase(svc_health_transitions_total{${SERVICE}, to="unhealthy"}[$__range])) ${red}`,
      ),
    )
    .overrideByName('Service', columnOf({ links: [...ERROR_LINKS, serviceLink('__data.fields.service_id')] }))
    .overrideByName('Since', columnOf({ unit: 'dateTimeAsLocal', width: 180 }))
    .overrideByName('That is', columnOf({ unit: 'dateTimeFromNow', width: 130 }))
    .overrideByName('Errors per minute', columnOf({ unit: 'cpm', decimals: 1, width: 150 }))
    .overrideByName('Conditions', columnOf({ unit: 'none', width: 110 }))
    .overrideByName('State', columnOf({ mappings: [STATE_MAP], colored: true, width: 110 }))
    .overrideByName('Times', columnOf({ unit: 'none', decimals: 0, width: 80 }))
    .overrideByName('Instance', columnOf({ links: [PROGRAM_LINK] }))
    .overrideByName('Job', columnOf({ width: 120 }))
    .span(24)
    .height(9)
}

function alerts(): Builder<Panel> {
  const labels = 'alertname, alertstate, severity, job, instance, service_id'
  return table(
    {
      title: 'Alerts, firing and pending',
      description:
        'What the alert rules say of the programs and services that are chosen. A pending one will fire if it stays. Next: the link of an alert opens its entry in the runbook.',
      noValue: 'No alert fires, or the rules are not loaded',
    },
    [
      ['alertname', 'Alert'],
      ['alertstate', 'State'],
      ['severity', 'Severity'],
      ['Value', 'Since'],
      ['service_id', 'Service'],
      ['instance', 'Instance'],
      ['job', 'Job'],
      ['runbook', 'Runbook'],
    ],
  )
    .sortBy(sortedBy('Since', false))
    .withTarget(
      column(
        'A',
        // A copy of the name: its column turns it into the anchor that the runbook has for it
        `label_replace(1000 * max by (${labels}) (ALERTS{${ALERT}} * ignoring (alertstate) group_left () ALERTS_FOR_STATE{${ALERT}}), "runbook", "$1", "alertname", "(.*)")`,
      ),
    )
    .overrideByName('Alert', columnOf({}))
    .overrideByName('Runbook', columnOf({ mappings: [ANCHORS], links: [RUNBOOK_LINK] }))
    .overrideByName('State', columnOf({ mappings: [ALERT_STATES], colored: true, width: 100 }))
    .overrideByName('Severity', columnOf({ width: 100 }))
    .overrideByName('Since', columnOf({ unit: 'dateTimeAsLocal', width: 180 }))
    .overrideByName('Service', columnOf({ links: [serviceLink('__data.fields.service_id')] }))
    .overrideByName('Instance', columnOf({ links: [PROGRAM_LINK] }))
    .overrideByName('Job', columnOf({ width: 120 }))
    .span(24)
    .height(7)
}

const ALERT_STATES = valueMap({ firing: ['Firing', 'red'], pending: ['Pending', 'orange'] })

const NAMES = [...programAlerts(checkRuleOptions({})), ...serviceAlerts(checkRuleOptions({}))].map(({ alert }) => alert)
const ANCHORS = valueMap(Object.fromEntries(NAMES.map((name) => [name, [anchorOf(name), 'blue'] as const])))
