import type { HealthReport } from '@svc/core'
import { type Column, toReport } from './column.ts'
import type { Watch } from './watch.ts'

/** What all reporters said at one time. A fact: it never changes, and its maps are made when they are first read. */
export class Standing {
  readonly columns: readonly Column[]
  readonly ready: boolean
  readonly healthy: boolean
  private readonly names: readonly string[]
  private readonly refusals: readonly (Error | null)[]
  private isDistinct: boolean | undefined = undefined
  private healthMap: HealthReport | undefined = undefined
  private readinessMap: HealthReport | undefined = undefined

  constructor(watches: readonly Watch[]) {
    this.columns = watches.map((watch) => watch.column)
    this.names = watches.map((watch) => watch.name)
    this.refusals = watches.map((watch) => watch.readiness)
    this.ready = watches.every((watch) => watch.readiness === null)
    this.healthy = watches.every((watch) => watch.unhealthy === 0)
  }

  get health(): HealthReport {
    return (this.healthMap ??= toReport(this.columns))
  }

  get readiness(): HealthReport {
    return (this.readinessMap ??= new Map(this.names.map((name, at) => [name, this.refusals[at] as Error | null])))
  }

  /** Whether it still is what these say. */
  isOf(watches: ReadonlyMap<string, Watch>): boolean {
    if (watches.size !== this.names.length) return false
    let at = 0
    for (const { name, column, readiness } of watches.values()) {
      if (name !== this.names[at] || column !== this.columns[at] || readiness !== this.refusals[at]) return false
      at++
    }
    return true
  }

  /** Whether both have the same names at the same places, each once, so that they can be compared place by place. */
  hasSameNames(other: Standing): boolean {
    const { columns } = this
    if (columns.length !== other.columns.length) return false
    if (!columns.every(({ names }, at) => names === other.columns[at]?.names)) return false
    // Said once for all that share the names: to find out takes a map of them.
    return (other.isDistinct = this.isDistinct ??= this.health.size === sum(columns.map(({ names }) => names.length)))
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
