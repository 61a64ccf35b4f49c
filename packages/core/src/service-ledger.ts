import type { OnceLog } from './once-log.ts'
import type { Scope } from './scope.ts'

/** The value of a label or an attribute under which everything past a limit is counted. */
export const OTHER = '_other'

/** How many values of one further label a service gets; the rest share `_other`. */
const MOST_VALUES = 32

/** What an exporter counts under one `service_id`: one service, or all that share `_other`. It outlives a scope. */
export interface Account {
  /** Whether a scope was ever seen under it; a reporter written by hand has none. */
  scoped: boolean
  errors: number
  dropped: number
  startFailed(type: string): void
  closeFailed(type: string): void
  transitioned(to: 'healthy' | 'unhealthy'): void
  /** Has both directions of transitions from here on, so that the first one is an increase. */
  watch(): void
  unwatch(): void
}

/** What is now so of one scope: an event costs a store here. */
export interface Live<A extends Account> {
  readonly account: A
  /** The number of its state, or -1 before the first. */
  state: number
  /** In seconds since the epoch. */
  startedAt: number | undefined
  startSeconds: number | undefined
  conditions: number
  inFlight: number
  /** Dropped errors counted since the last flush, which tells of them once more. */
  dropped: number
}

/** One service id. */
export interface Entry<A extends Account> {
  readonly account: A
  /** That of the newest scope under the id. */
  live: Live<A> | undefined
  /** Whether a checker has told of it. */
  watched: boolean
}

/** The services that an exporter of metrics has been told of; nothing of one that was removed. */
export abstract class ServiceLedger<A extends Account> {
  readonly entries: Map<string, Entry<A>> = new Map()
  /** Goes up when a service comes or goes. */
  revision = 0
  /** What all services past `maxServices` share. */
  abstract readonly other: A
  protected readonly maxServices: number
  private readonly log: OnceLog
  // Weak, and kept after a removal: an event that comes late must not bring a removed service back.
  private lives = new WeakMap<Scope, Live<A>>()

  constructor(maxServices: number, log: OnceLog) {
    this.maxServices = maxServices
    this.log = log
  }

  /** The account of an id that comes: one of its own, or `other`. */
  protected abstract open(id: string): A
  /** Another scope has come under an id. */
  protected renewed?(id: string, account: A): void
  /** An id has gone. */
  protected closed?(id: string, account: A): void

  live(scope: Scope): Live<A> {
    return this.lives.get(scope) ?? this.admit(scope)
  }

  /** Whether it is the newest scope under its id, and not removed: of another one nothing is to be held. */
  isCurrent(scope: Scope, live: Live<A>): boolean {
    return this.entries.get(scope.id)?.live === live
  }

  /** Calls `put` for each account: those of the services, then the one that the others share. */
  eachAccount(put: (account: A) => void): void {
    for (const { account } of this.entries.values()) if (account !== this.other) put(account)
    put(this.other)
  }

  /** Makes room for a name that a checker reports. */
  watch(name: string): A {
    const entry = this.entry(name)
    if (!entry.watched) {
      this.revision++
      entry.watched = true
      entry.account.watch()
    }
    return entry.account
  }

  unwatch(name: string): void {
    const entry = this.entries.get(name)
    if (entry === undefined || !entry.watched) return
    this.revision++
    entry.watched = false
    if (entry.account !== this.other) entry.account.unwatch()
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
    this.revision++
  }

  /** Tells, once, of a service that finds no room. */
  protected tellFull(service: string): void {
    const message = `More services than "maxServices": those past it are counted together as service_id="${OTHER}"`
    this.log.once('warn', { service, maxServices: this.maxServices }, message)
  }

  private admit(scope: Scope): Live<A> {
    this.log.use(scope)
    const entry = this.entry(scope.id)
    const { account } = entry
    if (entry.live !== undefined) this.renewed?.(scope.id, account)
    account.scoped = true
    const live: Live<A> = {
      account,
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

  private entry(id: string): Entry<A> {
    const found = this.entries.get(id)
    if (found !== undefined) return found
    const entry: Entry<A> = { account: this.open(id), live: undefined, watched: false }
    this.entries.set(id, entry)
    return entry
  }

  private drop(id: string, entry: Entry<A>): void {
    this.revision++
    this.entries.delete(id)
    this.closed?.(id, entry.account)
  }
}

/** The value itself while there is room for it among `values`, `_other` after that. */
export function boundedValue(values: ReadonlyMap<string, unknown>, value: string): string {
  return values.has(value) || values.size < MOST_VALUES ? value : OTHER
}
