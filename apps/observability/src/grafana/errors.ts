import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { GraphDrawStyle, LineStyleBuilder } from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dataLinks, serviceLink } from './fields.ts'
import { lines } from './panels.ts'
import { graph, highest, IN_RANGE, SERVICE } from './queries.ts'

const BY = 'service_id'
const LINKS = dataLinks(serviceLink('__field.labels.service_id'))

/** What goes wrong, how often, and what goes back and forth. */
export function errorPanels(): readonly Builder<Panel>[] {
  return [errors(), flapping(), conditions()].map((panel) => panel.dataLinks(LINKS).height(10))
}

/** Lines of a counter for the services that counted most in the time range. */
function counted(expr: string, counter: string): string {
  return highest(expr, BY, `sum by (${BY}) (increase(${counter}${IN_RANGE})) > 0`)
}

function errors(): ReturnType<typeof lines> {
  const emitted = `svc_errors_total{${SERVICE}}`
  const dropped = `svc_errors_dropped_total{${SERVICE}}`
  const rate = (counter: string): string => `60 * sum by (${BY}) (rate(${counter}[$__rate_interval]))`
  return lines({
    title: 'Errors per minute',
    description:
      'Health errors that services emit: each is one failure of their work, even where the service looks healthy again at the next check. Dropped ones were too many for anybody to see. A step up without a restart points outside, to what the service depends on. Next: the page of the program for the text, and the traces of that time.',
    noValue: 'No errors in this time range',
  })
    .unit('cpm')
    .withTarget(graph(counted(rate(emitted), emitted), '{{service_id}}'))
    .withTarget(graph(counted(rate(dropped), dropped), '{{service_id}} dropped').refId('B'))
    .overrideByRegexp('/ dropped$/', [
      { id: 'custom.lineStyle', value: new LineStyleBuilder().fill('dash').dash([6, 6]).build() },
    ])
    .span(12)
}

function flapping(): ReturnType<typeof lines> {
  const transitions = `svc_health_transitions_total{${SERVICE}, to="unhealthy"}`
  return lines({
    title: 'Turned unhealthy',
    description:
      'How often a service went from healthy to unhealthy. One that goes back and forth is near a limit: a time-out, a pool, a dependency that is overloaded. Alerts that wait some minutes do not see it. Next: errors per minute, and durations further down.',
    noValue: 'Nothing turned unhealthy in this time range',
  })
    .unit('short')
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(60)
    .withTarget(
      graph(counted(`sum by (${BY}) (increase(${transitions}[$__rate_interval]))`, transitions), '{{service_id}}'),
    )
    .span(6)
}

function conditions(): ReturnType<typeof lines> {
  const gauge = `svc_health_conditions{${SERVICE}}`
  return lines({
    title: 'Conditions that are set',
    description:
      'Reasons that keep a service unhealthy until its code clears them, as "disk full". A number that only grows hints at conditions that nobody clears. Next: the page of the program, which names each.',
    noValue: 'No condition was set in this time range',
  })
    .unit('short')
    .decimals(0)
    .withTarget(
      graph(
        highest(`max by (${BY}) (${gauge})`, BY, `max by (${BY}) (max_over_time(${gauge}${IN_RANGE})) > 0`),
        '{{service_id}}',
      ),
    )
    .span(6)
}
