import { ExemplarSlot, type Sample } from './exemplar.ts'
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
  /** By bucket, the last one included. */
  private slots: (ExemplarSlot | undefined)[] | undefined = undefined

  /** @param bounds The upper bounds of the buckets in seconds, rising. */
  constructor(bounds: readonly number[], labels: LabelValues) {
    this.bounds = bounds
    this.labels = labels
    this.counts = bounds.map(() => 0)
  }

  observe(seconds: number, sample?: Sample): void {
    this.sum += seconds
    this.count++
    const bucket = this.bucketOf(seconds)
    if (bucket < this.counts.length) this.counts[bucket] = (this.counts[bucket] as number) + 1
    if (sample === undefined) return
    const slots = (this.slots ??= Array.from({ length: this.counts.length + 1 }, () => undefined))
    const slot = (slots[bucket] ??= new ExemplarSlot())
    slot.put(sample)
  }

  collect(sink: Sink, name: string): void {
    const parts = (this.parts ??= partsOf(name, this.labels, this.bounds))
    const slots = sink.exemplars ? this.slots : undefined
    let below = 0
    for (let i = 0; i < this.counts.length; i++) {
      below += this.counts[i] as number
      sink.add(parts[i] as Series, below, slots?.[i]?.read())
    }
    const [infinite, sum, count] = parts.slice(this.counts.length) as [Series, Series, Series]
    sink.add(infinite, this.count, slots?.at(-1)?.read())
    sink.add(sum, this.sum)
    sink.add(count, this.count)
  }

  /** Lets go of what is held of a service. */
  release(id: string): void {
    for (const slot of this.slots ?? []) slot?.release(id)
  }

  private bucketOf(seconds: number): number {
    for (let i = 0; i < this.bounds.length; i++) if (seconds <= (this.bounds[i] as number)) return i
    return this.bounds.length
  }
}

function partsOf(name: string, shared: LabelValues, bounds: readonly number[]): readonly Series[] {
  return [
    ...[...bounds, '+Inf'].map((le) => createPart(`${name}_bucket`, { le }, shared)),
    createPart(`${name}_sum`, {}, shared),
    createPart(`${name}_count`, {}, shared),
  ]
}
