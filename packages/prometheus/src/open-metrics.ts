import { checkFunction, checkObject, show } from '@svc/core/internal'
import type { Exemplar } from './exemplar.ts'
import { defaultLabels, LINES, type Metric, type MetricData } from './metric.ts'
import { escape, labelText, type LabelValues } from './series.ts'
import { exemplarText, type MetricValue } from './sink.ts'

/** What is read of a registry of prom-client or of @prometheus-io/client. */
export interface ReadableRegistry {
  getMetricsAsArray(): readonly object[]
}

/** The metrics of a registry, as OpenMetrics. */
export interface OpenMetrics extends ReadableRegistry {
  readonly contentType: string
  /** Collects and renders what the registry has now. It rejects where a metric cannot be collected, and names it. */
  metrics(): Promise<string>
}

/** A metric as a client has it: what is called is public there. */
interface ForeignMetric {
  readonly name: string
  get(): Promise<ForeignData> | ForeignData
}

interface ForeignData extends Pick<MetricData, 'name' | 'help' | 'type'> {
  readonly values?: readonly ForeignValue[]
}

interface ForeignValue extends Omit<MetricValue, 'labels' | 'exemplar'> {
  readonly labels?: LabelValues
  readonly exemplar?: Exemplar | null | undefined
}

/**
 * Shows everything that a registry for text has as OpenMetrics 1.0 too: our metrics with exemplars and units, the client's
 * own and those of others as the client would show them. It reads at the scrape, so metrics that are registered later are
 * there as well, each is collected once a scrape, and nothing is registered twice.
 *
 * A second registry of the client that has the same metrics does not do: at each of its scrapes it takes the `_total` off
 * the name of a counter, which the first one then shows without it.
 *
 * @throws TypeError for what is no registry
 *
 * @example Both formats, by what the scraper asks for
 * ```ts
 * const probes = createProbes({ source: checker, draining: scope.draining, metrics: [registry, openMetrics(registry)] })
 * ```
 */
export function openMetrics(registry: ReadableRegistry): OpenMetrics {
  checkObject(registry, 'the registry')
  checkFunction(registry.getMetricsAsArray, 'the method "getMetricsAsArray" of the registry')
  const getMetricsAsArray = (): readonly object[] => registry.getMetricsAsArray()
  return {
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    getMetricsAsArray,
    metrics: async () => {
      const defaults = defaultLabels(registry) ?? {}
      const isPlain = Object.keys(defaults).length === 0
      const families = getMetricsAsArray().map(async (metric) =>
        // Of ours no name may be read, see `createMetric`
        isPlain && LINES in metric ? rendered(metric as Metric) : await collected(metric as ForeignMetric, defaults),
      )
      return `${(await Promise.all(families)).join('')}# EOF\n`
    },
  }
}

function rendered(metric: Metric): string {
  const [name, lines] = metric[LINES]()
  return `${head(name, metric.type, metric.help)}${lines}\n`
}

async function collected(metric: ForeignMetric, defaults: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    const { name, type, help, values = [] } = await metric.get()
    const lines = values.map((value) => line(name, type, value, defaults))
    return `${head(name, type, help)}${lines.join('')}\n`
  } catch (error) {
    throw new Error(`Cannot collect the metric ${show(metric.name)}`, { cause: error })
  }
}

/** Of a counter the name of the family has no suffix, and that of each series has it. */
function head(name: string, type: string, help: string): string {
  const family = type === 'counter' ? withoutTotal(name) : name
  const unit = /_(seconds|bytes)$/.exec(family)?.[1]
  const lines = [`# HELP ${family} ${escape(help)}`, `# TYPE ${family} ${type}`]
  if (unit !== undefined) lines.push(`# UNIT ${family} ${unit}`)
  return lines.join('\n')
}

function line(name: string, type: string, value: ForeignValue, defaults: Readonly<Record<string, unknown>>): string {
  const { metricName = name, labels = {}, sharedLabels, exemplar } = value
  const series = type === 'counter' ? `${withoutTotal(metricName)}_total` : metricName
  // The labels of a series stand before those of the registry, and win
  const own: LabelValues = { ...labels, ...sharedLabels }
  const all = labelText({ ...own, ...(defaults as LabelValues), ...own })
  return `\n${series}${all === '' ? '' : `{${all}}`} ${numberText(value.value)}${exemplarText(exemplar ?? undefined)}`
}

function withoutTotal(name: string): string {
  return name.replace(/_total$/, '')
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}
