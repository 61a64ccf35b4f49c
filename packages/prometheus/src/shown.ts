import { SERVICE_STATES } from '@svc/core/internal'
import type { Sample } from './exemplar.ts'
import { Histogram } from './histogram.ts'
import { createSeries, type LabelValues, type Series } from './series.ts'

/** The label value under which everything past a limit is counted. */
export const OTHER = '_other'

/** How many tasks, or types of error, of one service get series of their own; the rest share `_other`. */
const MAX_LABELS = 32

/** Upper bounds in seconds: ticks take milliseconds, tasks minutes. */
const TASK_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** Upper bounds in seconds: a timer is some milliseconds late, a blocked event loop or a slow handler makes it seconds. */
const LATENESS_BUCKETS = [0.01, 0.05, 0.25, 1, 5, 30]

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

/** What is shown under one `service_id`: one service, or all that share `_other`. Counts are kept here, since they outlive a scope. */
export class Shown {
  /** Whether a scope was ever seen under it; a reporter written by hand has none. */
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

  transitioned(healthy: boolean): void {
    this.watch()
    this.count((this.transitions ??= new Map<string, Count>()), 'to', healthy ? 'healthy' : 'unhealthy')
  }

  /** Both directions are there from the beginning, so that the first transition is an increase. */
  watch(): void {
    this.transitions ??= new Map(['healthy', 'unhealthy'].map((to) => [to, new Count({ ...this.labels, to })]))
  }

  taskEnded(label: string, seconds: number, sample: Sample | undefined): void {
    this.tasks ??= new Map<string, Histogram>()
    this.histogram(this.tasks, TASK_BUCKETS, label).observe(seconds, sample)
  }

  tickBegan(label: string, lateSeconds: number): void {
    this.lateness ??= new Map<string, Histogram>()
    this.histogram(this.lateness, LATENESS_BUCKETS, label).observe(lateSeconds)
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
  const kept = map.has(key) || map.size < MAX_LABELS ? key : OTHER
  let value = map.get(kept)
  if (value === undefined) map.set(kept, (value = make(kept)))
  return value
}
