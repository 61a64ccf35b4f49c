import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { columnOf, dataLinks, ERROR_LINKS, PROGRAM_LINK, serviceLink, thresholds } from './fields.ts'
import { bars, lines, sortedBy, table } from './panels.ts'
import { column, graph, highest, now, PROGRAM, SERVICE } from './queries.ts'

/** How long starts took, and which starts and closes failed. */
export function startPanels(): readonly Builder<Panel>[] {
  return [durations(), failures(), uptime()]
}

function durations(): Builder<Panel> {
  return bars({
    title: 'Start durations',
    description:
      'How long the last start of each service took, failed or not; of several programs the longest. The time of an owner has that of what it owns in it, so the culprit is the lowest name with a long bar. A slow start delays every deployment and restart. Next: the trace of the start.',
    noValue: 'No start has ended yet',
  })
    .unit('s')
    .min(0)
    .thresholds(thresholds([10, 'orange'], [30, 'red']))
    .dataLinks(dataLinks(serviceLink('__field.labels.service_id')))
    .withTarget(now(`topk(20, max by (service_id) (svc_start_duration_seconds{${SERVICE}}))`, '{{service_id}}'))
    .span(8)
    .height(11)
}

function failures(): Builder<Panel> {
  const row = 'job, instance, service_id, error_type'
  return table(
    {
      title: 'Failed starts and closes',
      description:
        'Starts and closes that failed, by type of error. A service whose start failed does nothing until it is started anew; a failed close may have lost work. An owner fails to start with what it owns: the longest name is nearest to the cause. A program that ends at once after a failed start can be gone before it is scraped. Next: the restarts on the right, and the log of that moment.',
      noValue: 'No start and no close has failed',
    },
    [
      ['service_id', 'Service'],
      ['error_type', 'Error'],
      ['Value #A', 'Failed starts'],
      ['Value #B', 'Failed closes'],
      ['instance', 'Instance'],
      ['job', 'Job'],
    ],
  )
    .sortBy(sortedBy('Service', true))
    .withTarget(column('A', `sum by (${row}) (max_over_time(svc_start_failures_total{${SERVICE}}[$__range]))`))
    .withTarget(column('B', `sum by (${row}) (max_over_time(svc_close_failures_total{${SERVICE}}[$__range]))`))
    .overrideByName('Service', columnOf({ links: [...ERROR_LINKS, serviceLink('__data.fields.service_id')] }))
    .overrideByName('Error', columnOf({}))
    .overrideByName('Failed starts', columnOf({ unit: 'none', width: 110 }))
    .overrideByName('Failed closes', columnOf({ unit: 'none', width: 110 }))
    .overrideByName('Instance', columnOf({ links: [PROGRAM_LINK] }))
    .overrideByName('Job', columnOf({ width: 100 }))
    .span(10)
    .height(11)
}

function uptime(): Builder<Panel> {
  const started = `process_start_time_seconds{${PROGRAM}}`
  return lines({
    title: 'Restarts',
    description:
      'How long each process has been up: every fall to zero is a restart. Regular teeth are a crash loop. The youngest ones are shown. Next: the log of the process right before the fall; an exit code of 137 means that it was killed, mostly for memory.',
    noValue: 'No program was seen in this time range',
  })
    .unit('s')
    .withTarget(
      graph(
        highest(
          `max by (job, instance) (time() - ${started})`,
          'job, instance',
          `max by (job, instance) (max_over_time(${started}[$__range] @ end()))`,
        ),
        '{{instance}}',
      ),
    )
    .span(6)
    .height(11)
}
