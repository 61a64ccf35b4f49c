import type { Attributes } from '@opentelemetry/api'
import type { Scope } from '@svc/core'
import { type AllLabels, type Labels, OTHER } from './metric-labels.ts'

/** What is counted under one name. */
export class Counts {
  readonly labels: Labels
  errors = 0
  dropped = 0
  readonly startFailures: Map<Attributes, number> = new Map()
  readonly closeFailures: Map<Attributes, number> = new Map()
  /** Empty until a checker has told of it. */
  readonly transitions: Map<Attributes, number> = new Map()
  /** Whether a scope was ever seen under it; a reporter written by hand has none. */
  scoped = false

  constructor(labels: Labels) {
    this.labels = labels
  }

  startFailed(type: string): void {
    count(this.startFailures, this.labels.with('error_type', type), 1)
  }

  closeFailed(type: string): void {
    count(this.closeFailures, this.labels.with('error_type', type), 1)
  }

  /** Both directions are there from the beginning, so that the first transition is an increase. */
  watch(): void {
    for (const to of ['healthy', 'unhealthy']) count(this.transitions, this.labels.with('to', to), 0)
  }

  transitioned(to: 'healthy' | 'unhealthy'): void {
    count(this.transitions, this.labels.with('to', to), 1)
  }
}

function count(counts: Map<Attributes, number>, attributes: Attributes, by: number): void {
  counts.set(attributes, (counts.get(attributes) ?? 0) + by)
}

/** What is now so of one scope. */
export interface Live {
  readonly counts: Counts
  /** The number of its state, or -1 before the first. */
  state: number
  startedAt: number | undefined
  startSeconds: number | undefined
  conditions: number
  inFlight: number
  /** Dropped errors counted since the last flush, which tells of them once more. */
  dropped: number
}

/** One name. */
export interface Entry {
  readonly counts: Counts
  /** That of the newest scope under the name. */
  live: Live | undefined
  /** Whether a checker has told of it. */
  watched: boolean
}

/** The services that there are, by their full names; nothing of one that was removed. */
export class ServiceTable {
  readonly entries: Map<string, Entry> = new Map()
  private readonly other: Counts
  // Weak, and kept after a removal: an event that comes late must not bring a removed service back.
  private readonly lives = new WeakMap<Scope, Live>()
  private readonly labels: AllLabels

  constructor(labels: AllLabels) {
    this.labels = labels
    this.other = new Counts(labels.other)
  }

  live(scope: Scope): Live {
    return this.lives.get(scope) ?? this.admit(scope)
  }

  /** Each thing that is counted by itself: the services, then what the others share. */
  *counted(): Generator<Counts> {
    for (const { counts } of this.entries.values()) if (counts !== this.other) yield counts
    // Never back to none: what is counted together only goes up.
    yield this.other
  }

  /** Makes room for a name that a checker reports. */
  watch(name: string): Counts {
    const entry = this.entry(name)
    if (!entry.watched) {
      entry.watched = true
      entry.counts.watch()
    }
    return entry.counts
  }

  unwatch(name: string): void {
    const entry = this.entries.get(name)
    if (entry === undefined) return
    entry.watched = false
    if (entry.counts !== this.other) entry.counts.transitions.clear()
    if (entry.live === undefined) this.entries.delete(name)
  }

  remove(scope: Scope): void {
    const entry = this.entries.get(scope.id)
    // Not the one under this id any more: a newer scope is, and keeps its series.
    if (entry?.live === undefined || entry.live !== this.lives.get(scope)) return
    this.entries.delete(scope.id)
  }

  private admit(scope: Scope): Live {
    const entry = this.entry(scope.id)
    const { counts } = entry
    counts.scoped = true
    const live: Live = {
      counts,
      state: -1,
      startedAt: undefined,
      startSeconds: undefined,
      conditions: 0,
      inFlight: 0,
      dropped: 0,
    }
    entry.live = live
    this.lives.set(scope, live)
    return live
  }

  private entry(id: string): Entry {
    const found = this.entries.get(id)
    if (found !== undefined) return found
    const labels = id === OTHER ? this.labels.other : this.labels.of(id)
    const counts = labels === this.labels.other ? this.other : new Counts(labels)
    const entry: Entry = { counts, live: undefined, watched: false }
    this.entries.set(id, entry)
    return entry
  }
}
