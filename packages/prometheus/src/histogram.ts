import { createPart, type LabelValues, type Series } from './series.ts'
import type { Sink } from './sink.ts'

/** Counts durations in buckets, as a client's own histogram does. */
export class Histogram {
  private readonly bounds: readonly number[]
  /** Not cumulative, and without the last bucket, which `count` stands for. */
  private readonly counts: number[]
  private sum = 0
  private count = 0
  private readonly labels: LabelValues
  private parts: readonly Series[] | undefined = undefined

  /** @param bounds The upper bounds of the buckets in seconds, rising. */
  constructor(bounds: readonly number[], labels: LabelValues) {
    this.bounds = bounds
    this.labels = labels
    this.counts = bounds.map(() => 0)
  }

  observe(seconds: number): void {
    this.sum += seconds
    this.count++
    for (let i = 0; i < this.bounds.length; i++) {
      if (seconds <= (this.bounds[i] as number)) {
        this.counts[i] = (this.counts[i] as number) + 1
        return
      }
    }
  }

  collect(sink: Sink, name: string): void {
    const parts = (this.parts ??= partsOf(name, this.labels, this.bounds))
    let below = 0
    for (let i = 0; i < this.counts.length; i++) {
      below += this.counts[i] as number
      sink.add(parts[i] as Series, below)
    }
    const [infinite, sum, count] = parts.slice(this.counts.length) as [Series, Series, Series]
    sink.add(infinite, this.count)
    sink.add(sum, this.sum)
    sink.add(count, this.count)
  }
}

function partsOf(name: string, shared: LabelValues, bounds: readonly number[]): readonly Series[] {
  return [
    ...[...bounds, '+Inf'].map((le) => createPart(`${name}_bucket`, { le }, shared)),
    createPart(`${name}_sum`, {}, shared),
    createPart(`${name}_count`, {}, shared),
  ]
}
