import type { Column } from './column.ts'
import { TextSink, type MetricValue, ValueSink } from './sink.ts'

/** What a client's registry reads of a metric at a scrape. */
export interface MetricData {
  readonly name: string
  readonly help: string
  readonly type: Column['type']
  readonly aggregator: Column['aggregator']
  readonly values: readonly MetricValue[]
}

/** The part of a client's metric that registries use, in a plain object, so that no client is imported. */
export interface Metric {
  /** A registry for OpenMetrics renames counters at a scrape. */
  name: string
  readonly help: string
  readonly type: Column['type']
  readonly aggregator: Column['aggregator']
  get(): Promise<MetricData>
  getForPromString(): Promise<MetricData>
  reset(): void
}

/** What of a registry tells whether text that is rendered here comes out right there. Private in part, so it may be absent. */
interface RegistryInside {
  readonly contentType?: unknown
  readonly _defaultLabels?: unknown
}

/**
 * Makes the metric of a column. `registered` is to be called once it is in its registry: whoever reads the name after that
 * may be putting it into another one as well, whose default labels cannot be known, so that no text is rendered any more.
 */
export function createMetric(column: Column, registry: object): { metric: Metric; registered: () => void } {
  const { help, type, aggregator } = column
  let { name } = column
  let alone = false
  let revision: number | string | undefined
  let text: readonly MetricValue[] = []

  function data(values: readonly MetricValue[]): MetricData {
    return { name, help, type, aggregator, values }
  }

  function values(splayed: boolean): readonly MetricValue[] {
    const sink = new ValueSink(splayed)
    column.collect(sink, column)
    return sink.values
  }

  function rendered(): readonly MetricValue[] {
    const current = column.revision?.()
    if (current !== undefined && current === revision) return text
    const sink = new TextSink()
    column.collect(sink, column)
    text = sink.values
    revision = current
    return text
  }

  const metric: Metric = {
    get name() {
      alone = false
      return name
    },
    set name(value) {
      name = value
    },
    help,
    type,
    aggregator,
    get: async () => data(values(true)),
    getForPromString: async () => data(alone && takesText(registry, type) ? rendered() : values(false)),
    reset: () => column.reset?.(),
  }
  return { metric, registered: () => (alone = true) }
}

/** Default labels are added to each value, and OpenMetrics to the name of each value of a counter: text takes neither. */
function takesText(registry: RegistryInside, type: Column['type']): boolean {
  const { contentType, _defaultLabels: labels } = registry
  if (typeof labels !== 'object' || labels === null || Object.keys(labels).length > 0) return false
  return type !== 'counter' || (typeof contentType === 'string' && contentType.startsWith('text/plain'))
}
