import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dataLinks, HEALTH_MAP, serviceLink, STATE_MAP } from './fields.ts'
import { timeline } from './panels.ts'
import { graph, highestRows, IN_RANGE, lowestRows, SERVICE } from './queries.ts'

/** Health and state over time: what turned first, and what followed from it. */
export function healthPanels(): readonly Builder<Panel>[] {
  return [
    timeline({
      title: 'Health over time',
      description:
        'Red while a service is unhealthy in any program. What turned red first is nearest to the cause. A gap: nobody reported, the program was down. The 40 services that were unhealthy for longest are shown, so that healthy ones stand here only while there is room. Next: the errors below, at the same time.',
      noValue: 'Nothing reports health in this time range',
    })
      .mappings([HEALTH_MAP])
      .unit('short')
      .dataLinks(dataLinks(serviceLink('__field.labels.service_id')))
      .withTarget(
        graph(
          lowestRows(
            `min by (service_id) (health{${SERVICE}})`,
            'service_id',
            `min by (service_id) (avg_over_time(health{${SERVICE}}${IN_RANGE}))`,
          ),
          '{{service_id}}',
        ),
      ),
    timeline({
      title: 'State over time',
      description:
        'Where each service is in its life; of several programs the one that is furthest on. Long in Starting or Stopping: it waits for something, which the page of the program names. StartFailed and StopFailed stay until the program is started anew. Next: the row on starts.',
      noValue: 'No service was seen in this time range',
    })
      .mappings([STATE_MAP])
      .unit('short')
      .dataLinks(dataLinks(serviceLink('__field.labels.service_id')))
      .withTarget(
        graph(
          highestRows(
            `max by (service_id) (svc_state_code{${SERVICE}})`,
            'service_id',
            `max by (service_id) (max_over_time(svc_state_code{${SERVICE}}${IN_RANGE}))`,
          ),
          '{{service_id}}',
        ),
      ),
  ].map((panel) => panel.span(12).height(12))
}
