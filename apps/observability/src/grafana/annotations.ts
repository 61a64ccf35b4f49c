import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { AnnotationQueryBuilder, type AnnotationQuery } from '@grafana/grafana-foundation-sdk/dashboard'
import { ALERT, DATASOURCE, graph, PROGRAM } from './queries.ts'

/** What is marked on every graph, since it so often explains what the graph shows. */
export function annotations(): readonly Builder<AnnotationQuery>[] {
  return [
    annotation('Alerts', 'red', `max by (alertname, severity, job, service_id) (ALERTS{${ALERT}, alertstate="firing"})`)
      .titleFormat('{{alertname}}')
      .textFormat('{{service_id}} {{job}}')
      .tagKeys('severity'),
    annotation('Restarts', 'blue', `1000 * max by (job, instance) (process_start_time_seconds{${PROGRAM}})`)
      .useValueForTime(true)
      .titleFormat('Started')
      .textFormat('{{instance}}')
      .tagKeys('job'),
    annotation(
      'New versions',
      'purple',
      `count by (job, version) (svc_build_info{${PROGRAM}}) unless on (job, version) count by (job, version) (svc_build_info{${PROGRAM}} offset 5m)`,
    )
      .titleFormat('Version {{version}}')
      .textFormat('{{job}}')
      .tagKeys('job'),
  ]
}

function annotation(name: string, color: string, expr: string): AnnotationQueryBuilder {
  const step = '1m'
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(color)
    .target(graph(expr, '').interval(step))
    .expr(expr)
    .step(step)
}
