import type { Column } from './column.ts'
import { flat, type MetricValue, TextSink, ValueSink } from './sink.ts'

/** What a client's registry reads of a metric at a scrape. */
export interface MetricData {
  readonly name: string
  readonly help: string
  readonly type: Column['type']
  readonly aggregator: Column['aggregator']
  readonly values: readonly MetricValue[]
}

/** Asks a metric of ours for its lines in OpenMetrics, each after a line break. */
export const LINES: unique symbol = Symbol('lines')

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
  /** What is before is its name, which a registry cannot have changed. */
  readonly [LINES]: () => readonly [name: string, lines: string]
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
  const plain = kept(column, false, (sink) => sink.values)
  const withExemplars = kept(column, true, (sink) => sink.values)
  const lines = kept(column, true, ({ text }) => flat(text))

  function data(values: readonly MetricValue[]): MetricData {
    return { name, help, type, aggregator, values }
  }

  function values(splayed: boolean): readonly MetricValue[] {
    const sink = new ValueSink(splayed, splayed || isOpenMetrics(registry))
    column.collect(sink, column)
    return sink.values
  }

  function forText(): readonly MetricValue[] {
    if (!alone || !takesText(registry, type)) return values(false)
    return isOpenMetrics(registry) ? withExemplars() : plain()
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
    getForPromString: async () => data(forText()),
    reset: () => column.reset?.(),
    [LINES]: () => [column.name, lines()],
  }
  return { metric, registered: () => (alone = true) }
}

/** Renders a column, and again only when it has changed. */
function kept<T>(column: Column, exemplars: boolean, read: (sink: TextSink) => T): () => T {
  let revision: number | string | undefined
  let value: T
  return () => {
    const current = column.revision?.()
    if (current === undefined || current !== revision) {
      const sink = new TextSink(exemplars)
      column.collect(sink, column)
      value = read(sink)
      revision = current
    }
    return value
  }
}

/** Labels that a registry adds to each value; `undefined` where that cannot be known. */
export function defaultLabels(registry: object): Readonly<Record<string, unknown>> | undefined {
  const { _defaultLabels: labels } = registry as RegistryInside
  return typeof labels === 'object' && labels !== null ? (labels as Readonly<Record<string, unknown>>) : undefined
}

/** Default labels are added to each value, and OpenMetrics to the name of each value of a counter: text takes neither. */
function takesText(registry: RegistryInside, type: Column['type']): boolean {
  const labels = defaultLabels(registry)
  if (labels === undefined || Object.keys(labels).length > 0) return false
  return type !== 'counter' || String(registry.contentType).startsWith('text/plain')
}

function isOpenMetrics({ contentType }: RegistryInside): boolean {
  return typeof contentType === 'string' && contentType.startsWith('application/openmetrics-text')
}
