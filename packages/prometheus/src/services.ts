import type { Scope } from '@svc/core'
import type { LateLogger } from './late-logger.ts'
import { OTHER, Shown } from './shown.ts'

/** What is now so of one scope: an event costs a store here. */
export interface Live {
  readonly shown: Shown
  /** The number of its state, or -1 before the first. */
  state: number
  startedAt: number | undefined
  startSeconds: number | undefined
  conditions: number
  inFlight: number
  /** Dropped errors counted since the last flush, which tells of them once more. */
  dropped: number
}

/** One service id. */
export interface Entry {
  readonly shown: Shown
  /** That of the newest scope under the id. */
  live: Live | undefined
  /** Whether a checker has told of it. */
  watched: boolean
}

/** Which services have series, and under what name: the first `maxServices` their own, the others one that they share. */
export class Services {
  readonly entries: Map<string, Entry> = new Map()
  /** Goes up when a service comes or goes. */
  revision = 0
  other: Shown = new Shown(OTHER)
  // Weak, and kept after a removal: an event that comes late must not bring a removed service back.
  private lives = new WeakMap<Scope, Live>()
  private readonly maxServices: number
  private owners = 0
  private sharers = 0
  private readonly logger: LateLogger

  constructor(maxServices: number, logger: LateLogger) {
    this.maxServices = maxServices
    this.logger = logger
  }

  /** How many further services would get series of their own. */
  get room(): number {
    return this.maxServices - this.owners
  }

  live(scope: Scope): Live {
    return this.lives.get(scope) ?? this.admit(scope)
  }

  /** Whether it is the newest scope under its id, and not removed: of another one nothing is to be held. */
  isCurrent(scope: Scope, live: Live): boolean {
    return this.entries.get(scope.id)?.live === live
  }

  /** Calls `put` for each thing that has counts of its own: the services, then what the others share. */
  eachShown(put: (shown: Shown) => void): void {
    for (const { shown } of this.entries.values()) if (shown !== this.other) put(shown)
    if (this.sharers > 0) put(this.other)
  }

  /** Makes room for a name that a checker reports. */
  watch(name: string): Shown {
    const entry = this.entry(name)
    if (!entry.watched) this.revision++
    entry.watched = true
    entry.shown.watch()
    return entry.shown
  }

  unwatch(name: string): void {
    const entry = this.entries.get(name)
    if (entry === undefined || !entry.watched) return
    this.revision++
    entry.watched = false
    if (entry.shown !== this.other) entry.shown.transitions = undefined
    if (entry.live === undefined) this.drop(name, entry)
  }

  remove(scope: Scope): void {
    const entry = this.entries.get(scope.id)
    // Not the one under this id any more: a newer scope is, and keeps its series.
    if (entry?.live === undefined || entry.live !== this.lives.get(scope)) return
    this.drop(scope.id, entry)
  }

  clear(): void {
    this.entries.clear()
    this.lives = new WeakMap()
    this.other = new Shown(OTHER)
    this.owners = 0
    this.sharers = 0
    this.revision++
  }

  private admit(scope: Scope): Live {
    this.logger.use(scope)
    const entry = this.entry(scope.id)
    const { shown } = entry
    if (entry.live !== undefined) shown.release(scope.id)
    shown.scoped = true
    const live: Live = {
      shown,
      state: -1,
      startedAt: undefined,
      startSeconds: undefined,
      conditions: 0,
      inFlight: 0,
      dropped: 0,
    }
    entry.live = live
    this.lives.set(scope, live)
    this.revision++
    return live
  }

  private entry(id: string): Entry {
    const found = this.entries.get(id)
    if (found !== undefined) return found
    const shares = id === OTHER || this.room === 0
    const entry: Entry = { shown: shares ? this.other : new Shown(id), live: undefined, watched: false }
    this.entries.set(id, entry)
    if (shares) this.sharers++
    else this.owners++
    if (shares && id !== OTHER) {
      const fields = { service: id, maxServices: this.maxServices }
      this.logger.once(
        'warn',
        fields,
        `More services than "maxServices": those past it are counted together as service_id="${OTHER}"`,
      )
    }
    return entry
  }

  private drop(id: string, entry: Entry): void {
    this.revision++
    this.entries.delete(id)
    if (entry.shown !== this.other) this.owners--
    else if (--this.sharers === 0) this.other = new Shown(OTHER)
    else entry.shown.release(id)
  }
}
