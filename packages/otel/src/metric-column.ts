import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api'
import { type Aggregator, combine } from '@svc/core/internal'

/** An observable instrument with the values of one collection. */
export class Column {
  readonly observable: Observable
  private readonly aggregator: Aggregator
  private readonly gone: number | undefined
  private values = new Map<Attributes, number>()
  private before: ReadonlyMap<Attributes, number> = new Map()

  /**
   * @param gone What a series that is no more is told to be, once: the SDKs of today go on showing the last value of
   * a series for ever, and one of an unhealthy service that was removed would be an alert that never ends.
   */
  constructor(observable: Observable, aggregator: Aggregator, gone?: number) {
    this.observable = observable
    this.aggregator = aggregator
    this.gone = gone
  }

  put(attributes: Attributes, value: number): void {
    const earlier = this.values.get(attributes)
    this.values.set(attributes, earlier === undefined ? value : combine(this.aggregator, earlier, value))
  }

  /** Hands over what was put since the last time. */
  tell(result: BatchObservableResult): void {
    const { observable, values, gone } = this
    if (gone !== undefined) {
      for (const attributes of this.before.keys())
        if (!values.has(attributes)) result.observe(observable, gone, attributes)
    }
    for (const [attributes, value] of values) result.observe(observable, value, attributes)
    this.before = values
    this.values = new Map()
  }
}
