import { DataqueryBuilder, PromQueryFormat, QueryEditorMode } from '@grafana/grafana-foundation-sdk/prometheus'

/** Every panel reads from the data source that is chosen at the top of the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${DS}' }

/** The programs that are chosen at the top. */
export const PROGRAM = 'job=~"$job", instance=~"$instance"'
/** The services of them that are chosen. */
export const SERVICE: string = `${PROGRAM}, service_id=~"$service_id"`
/** Alerts of the rules in `observability/`, those that are of no single instance or service among them. */
export const ALERT = 'alertname=~"Svc.+", job=~"|$job", instance=~"|$instance", service_id=~"|$service_id"'

/** How many services a timeline shows at most, and how many lines a graph has. */
const ROWS = 40
const LINES = 12

/** What comes to an end with the time range, so that it says the same at each point of a graph. */
export const IN_RANGE = '[$__range] @ end()'

/** Keeps the series that rank highest, by their labels, whatever the number of services. */
export function highest(expr: string, by: string, rank: string): string {
  return `${expr} and on (${by}) topk(${LINES}, ${rank})`
}

/** The same for a timeline, by what is lowest. */
export function lowestRows(expr: string, by: string, rank: string): string {
  return `${expr} and on (${by}) bottomk(${ROWS}, ${rank})`
}

export function highestRows(expr: string, by: string, rank: string): string {
  return `${expr} and on (${by}) topk(${ROWS}, ${rank})`
}

/** A value for each point of the time range. */
export function graph(expr: string, legend: string): DataqueryBuilder {
  return query(expr).range().legendFormat(legend)
}

/** The value of now. Without one it says so, where the end of a graph would still show the last that there was. */
export function now(expr: string, legend = ''): DataqueryBuilder {
  return query(expr).instant().legendFormat(legend)
}

/** A column of a table. */
export function column(refId: string, expr: string): DataqueryBuilder {
  return query(expr).instant().format(PromQueryFormat.Table).refId(refId)
}

function query(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(DATASOURCE).editorMode(QueryEditorMode.Code).expr(expr).refId('A')
}

/** All buckets of a histogram, for a heatmap. */
export function histogram(expr: string): DataqueryBuilder {
  return query(expr).range().format(PromQueryFormat.Heatmap).legendFormat('{{le}}')
}
