import { createDashboard } from './dashboard.ts'
import { formatJson } from './json.ts'

/** What differs from one installation to the next. */
export interface DashboardOptions {
  /** What the program gave `prometheus()` as its prefix; `svc_` by default. */
  readonly prefix?: string | undefined
  /** Where docs/runbook.md is to be read; `docs/runbook.md` by default, which only says which file it is. */
  readonly runbook?: string | undefined
}

/** Writes the dashboard as Grafana imports it, by the path below `observability/`. */
export function dashboardFiles(options: DashboardOptions = {}): Readonly<Record<'grafana/svc.json', string>> {
  const { prefix = 'svc_', runbook = 'docs/runbook.md' } = options
  // The library puts functions into what it builds, which are not for the file
  const plain: unknown = JSON.parse(JSON.stringify(createDashboard(runbook)))
  return { 'grafana/svc.json': `${formatJson(withPrefix(plain, prefix))}\n` }
}

/** The names of metrics stand in queries only. */
function withPrefix(value: unknown, prefix: string, key = ''): unknown {
  if (typeof value === 'string') {
    return ['expr', 'query', 'definition'].includes(key) ? value.replaceAll(/\bsvc_/g, () => prefix) : value
  }
  if (Array.isArray(value)) return value.map((item) => withPrefix(item, prefix, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withPrefix(item, prefix, name)]))
}
