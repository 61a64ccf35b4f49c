import { type Account, boundedValue, SERVICE_STATES, TASK_DURATION, TICK_LATENESS } from '@svc/core/internal'
import type { Sample } from './exemplar.ts'
import { Histogram } from './histogram.ts'
import { createSeries, type LabelValues, type Series } from './series.ts'

/** A count with a label besides `service_id`. */
export class Count {
  value = 0
  private readonly labels: LabelValues
  private series: Series | undefined = undefined

  constructor(labels: LabelValues) {
    this.labels = labels
  }

  seriesOf(name: string): Series {
    return (this.series ??= createSeries(name, this.labels))
  }
}

/** What is shown under one `service_id`, with the series that it is shown by. */
export class Shown implements Account {
  scoped = false
  errors = 0
  dropped = 0
  startFailures: Map<string, Count> | undefined = undefined
  closeFailures: Map<string, Count> | undefined = undefined
  /** By the health that was changed to, once a checker has told of it. */
  transitions: Map<string, Count> | undefined = undefined
  tasks: Map<string, Histogram> | undefined = undefined
  /** How late ticks began. */
  lateness: Map<string, Histogram> | undefined = undefined
  private readonly labels: LabelValues
  private readonly series: (Series | undefined)[] = []
  private states: readonly Series[] | undefined = undefined

  constructor(id: string) {
    this.labels = { service_id: id }
  }

  /** The series of a metric without further labels. */
  seriesOf({ index, name }: { readonly index: number; readonly name: string }): Series {
    return (this.series[index] ??= createSeries(name, this.labels))
  }

  /** The series of the seven states, in their order. */
  statesOf(name: string): readonly Series[] {
    return (this.states ??= SERVICE_STATES.map((state) => createSeries(name, { ...this.labels, state })))
  }

  startFailed(type: string): void {
    this.count((this.startFailures ??= new Map<string, Count>()), 'error_type', type)
  }

  closeFailed(type: string): void {
    this.count((this.closeFailures ??= new Map<string, Count>()), 'error_type', type)
  }

  transitioned(to: 'healthy' | 'unhealthy'): void {
    this.count((this.transitions ??= new Map<string, Count>()), 'to', to)
  }

  watch(): void {
    this.transitions ??= new Map(['healthy', 'unhealthy'].map((to) => [to, new Count({ ...this.labels, to })]))
  }

  unwatch(): void {
    this.transitions = undefined
  }

  taskEnded(label: string, seconds: number, sample: Sample | undefined): void {
    this.tasks ??= new Map<string, Histogram>()
    this.histogram(this.tasks, TASK_DURATION.bounds, label).observe(seconds, sample)
  }

  tickBegan(label: string, lateSeconds: number): void {
    this.lateness ??= new Map<string, Histogram>()
    this.histogram(this.lateness, TICK_LATENESS.bounds, label).observe(lateSeconds)
  }

  /** Lets go of what is held of a service that goes, or is made anew. */
  release(id: string): void {
    for (const task of this.tasks?.values() ?? []) task.release(id)
  }

  private histogram(map: Map<string, Histogram>, bounds: readonly number[], label: string): Histogram {
    return bounded(map, label, (task) => new Histogram(bounds, { ...this.labels, task }))
  }

  private count(counts: Map<string, Count>, label: string, value: string): void {
    bounded(counts, value, (kept) => new Count({ ...this.labels, [label]: kept })).value++
  }
}

function bounded<T>(map: Map<string, T>, key: string, make: (key: string) => T): T {
  const kept = boundedValue(map, key)
  let value = map.get(kept)
  if (value === undefined) map.set(kept, (value = make(kept)))
  return value
}
