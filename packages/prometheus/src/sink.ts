import { type Aggregator, combine } from '@svc/core/internal'
import type { Exemplar } from './exemplar.ts'
import { labelText, type LabelValues, type Series } from './series.ts'

/** What a client's registry reads of one series. */
export interface MetricValue {
  readonly value: number
  readonly labels: LabelValues
  readonly sharedLabels?: LabelValues
  readonly metricName?: string
  /** Registries for OpenMetrics show it. */
  readonly exemplar?: Exemplar | undefined
}

/** Where a metric puts its series, in the order in which they are shown. */
export interface Sink {
  /** Whether it takes exemplars: where not, none is looked up. */
  readonly exemplars: boolean
  add(series: Series, value: number, exemplar?: Exemplar): void
}

/** Collects values one by one: what every registry understands, and what JSON and clusters need. */
export class ValueSink implements Sink {
  readonly values: MetricValue[] = []
  readonly exemplars: boolean
  private readonly splayed: boolean

  /** @param splayed Whether each value of a histogram gets all its labels, or shares an object of them. */
  constructor(splayed: boolean, exemplars: boolean) {
    this.splayed = splayed
    this.exemplars = exemplars
  }

  add({ metricName, labels, shared }: Series, value: number, exemplar?: Exemplar): void {
    if (metricName === undefined || shared === undefined) this.values.push({ value, labels })
    else if (this.splayed) this.values.push({ value, metricName, labels: { ...labels, ...shared }, exemplar })
    else this.values.push({ value, metricName, labels, sharedLabels: shared, exemplar })
  }
}

/** Collects all series as text. */
export class TextSink implements Sink {
  readonly exemplars: boolean
  private done = ''
  private last: Series | undefined = undefined
  private lastValue = 0
  private lastExemplar: Exemplar | undefined = undefined

  constructor(exemplars: boolean) {
    this.exemplars = exemplars
  }

  add(series: Series, value: number, exemplar?: Exemplar): void {
    this.done = this.text
    this.last = series
    this.lastValue = value
    this.lastExemplar = exemplar
  }

  /** A line for each series, each after a line break. */
  get text(): string {
    if (this.last === undefined) return this.done
    return this.done + this.last.head + String(this.lastValue) + exemplarText(this.lastExemplar)
  }

  /**
   * One value whose metric name is the text of all lines up to the last value: registries write a metric name as it is,
   * so rendering costs a twentieth of what it costs them line by line.
   */
  get values(): MetricValue[] {
    if (this.last === undefined) return []
    const text = flat(this.done + this.last.head)
    return [{ metricName: text.slice(1, -1), value: this.lastValue, labels: {}, exemplar: this.lastExemplar }]
  }
}

/** Reading a character makes one flat string of thousands of parts: whoever joins it to others copies that at once, each time. */
export function flat(text: string): string {
  text.charCodeAt(0)
  return text
}

/** What follows a value in OpenMetrics. */
export function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return ''
  return ` # {${labelText(exemplar.labelSet)}} ${exemplar.value} ${exemplar.timestamp}`
}

/** Combines the services that share `_other`, as a client combines the workers of a cluster. */
export class Combined {
  private readonly totals = new Map<Series, number>()
  private readonly aggregator: Aggregator

  constructor(aggregator: Aggregator) {
    this.aggregator = aggregator
  }

  add(series: Series, value: number): void {
    const before = this.totals.get(series)
    this.totals.set(series, before === undefined ? value : combine(this.aggregator, before, value))
  }

  drainInto(sink: Sink): void {
    for (const [series, total] of this.totals) sink.add(series, total)
  }
}
