import type { LabelValues, Series } from './series.ts'

/** How a client combines the workers of a cluster. */
export type Aggregator = 'sum' | 'min' | 'max' | 'first'

/** What a client's registry reads of one series. */
export interface MetricValue {
  readonly value: number
  readonly labels: LabelValues
  readonly sharedLabels?: LabelValues
  readonly metricName?: string
}

/** Where a metric puts its series, in the order in which they are shown. */
export interface Sink {
  add(series: Series, value: number): void
}

/** Collects values one by one: what every registry understands, and what JSON and clusters need. */
export class ValueSink implements Sink {
  readonly values: MetricValue[] = []
  private readonly splayed: boolean

  /** @param splayed Whether each value of a histogram gets all its labels, or shares an object of them. */
  constructor(splayed: boolean) {
    this.splayed = splayed
  }

  add({ metricName, labels, shared }: Series, value: number): void {
    if (metricName === undefined || shared === undefined) this.values.push({ value, labels })
    else if (this.splayed) this.values.push({ value, metricName, labels: { ...labels, ...shared } })
    else this.values.push({ value, metricName, labels, sharedLabels: shared })
  }
}

/**
 * Collects all series as one value whose metric name is the text of all lines up to the last value: registries write
 * a metric name as it is, so rendering costs a twentieth of what it costs them line by line.
 */
export class TextSink implements Sink {
  private done = ''
  private last: Series | undefined = undefined
  private lastValue = 0

  add(series: Series, value: number): void {
    if (this.last !== undefined) this.done += this.last.head + String(this.lastValue)
    this.last = series
    this.lastValue = value
  }

  get values(): MetricValue[] {
    if (this.last === undefined) return []
    const text = this.done + this.last.head
    // Reading a character makes one flat string of the thousands of parts: the registry copies that at once, each time.
    text.charCodeAt(0)
    return [{ metricName: text.slice(1, -1), value: this.lastValue, labels: {} }]
  }
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

function combine(aggregator: Aggregator, before: number, value: number): number {
  switch (aggregator) {
    case 'sum':
      return before + value
    case 'min':
      return Math.min(before, value)
    case 'max':
      return Math.max(before, value)
    case 'first':
      return before
  }
}
