import type { Attributes } from '@opentelemetry/api'
import { type Account, type OnceLog, ServiceLedger } from '@svc/core/internal'
import { AllLabels, type Labels } from './metric-labels.ts'

/** What is counted under one name, by the attributes that it is told with. */
export class Counts implements Account {
  readonly labels: Labels
  scoped = false
  errors = 0
  dropped = 0
  readonly startFailures: Map<Attributes, number> = new Map()
  readonly closeFailures: Map<Attributes, number> = new Map()
  /** Empty until a checker has told of it. */
  readonly transitions: Map<Attributes, number> = new Map()

  constructor(labels: Labels) {
    this.labels = labels
  }

  startFailed(type: string): void {
    count(this.startFailures, this.labels.with('error_type', type), 1)
  }

  closeFailed(type: string): void {
    count(this.closeFailures, this.labels.with('error_type', type), 1)
  }

  transitioned(to: 'healthy' | 'unhealthy'): void {
    count(this.transitions, this.labels.with('to', to), 1)
  }

  watch(): void {
    for (const to of ['healthy', 'unhealthy']) count(this.transitions, this.labels.with('to', to), 0)
  }

  unwatch(): void {
    this.transitions.clear()
  }
}

function count(counts: Map<Attributes, number>, attributes: Attributes, by: number): void {
  counts.set(attributes, (counts.get(attributes) ?? 0) + by)
}

/** The services that there are, each counted under the attributes that its name was given first. */
export class ServiceTable extends ServiceLedger<Counts> {
  readonly labels: AllLabels
  /** Never replaced: what is counted together only goes up. */
  readonly other: Counts

  constructor(maxServices: number, log: OnceLog) {
    super(maxServices, log)
    this.labels = new AllLabels(maxServices, (name) => {
      this.tellFull(name)
    })
    this.other = new Counts(this.labels.other)
  }

  protected open(id: string): Counts {
    const labels = this.labels.of(id)
    return labels === this.labels.other ? this.other : new Counts(labels)
  }
}
