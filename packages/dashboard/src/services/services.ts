import type { Operation, Scope, ServiceEvent } from '@svc/core'
import { now } from '@svc/core/internal'
import { Entry } from './entry.ts'
import { failuresOf } from './health.ts'

type Event<T extends ServiceEvent['type']> = Extract<ServiceEvent, { type: T }>

/** How many services that have ended and belong to nobody are remembered: their last state is news. */
const MOST_ENDED = 1000

/** Follows services by their id. An event costs a few stores; nothing is drawn here. */
export class Services {
  readonly entries: Map<string, Entry> = new Map()
  // Weak, and kept after a removal: an event that comes late must not bring a removed service back.
  private readonly lives = new WeakMap<Scope, Entry>()
  private ended = 0

  observe(event: ServiceEvent): void {
    switch (event.type) {
      case 'begin':
        return this.begin(event.operation)
      case 'end':
        return this.end(event)
      case 'state':
        return this.changeState(event)
      case 'error':
        return this.live(event.scope).errorEmitted(now())
      case 'flush':
        return this.live(event.scope).errorsFlushed(event.at)
      case 'condition':
        return this.live(event.scope).setCondition(event.key, event.error, event.active, now())
      case 'health':
        return this.checked(event)
      case 'removed':
        return this.remove(event.scope)
    }
  }

  /** The one that most others stand under. */
  largest(): string | undefined {
    const below = new Map<string, number>()
    for (const { id, parentId } of this.entries.values()) {
      const top = id.split('.', 1)[0] ?? ''
      if (parentId === undefined || parentId === '') below.set(id, below.get(id) ?? 0)
      else below.set(top, (below.get(top) ?? 0) + 1)
    }
    return [...below].toSorted(([, one], [, other]) => other - one)[0]?.[0]
  }

  /** Makes room for a name that a checker reports. */
  watch(name: string): Entry {
    let entry = this.entries.get(name)
    if (entry === undefined) this.entries.set(name, (entry = new Entry(name)))
    entry.watched = true
    return entry
  }

  private checked({ changes, startedAt, endedAt }: Event<'health'>): void {
    for (const { name, current } of changes) {
      if (current === undefined) this.unwatch(name)
      else this.watch(name).report(failuresOf(current).length > 0, current, startedAt, endedAt)
    }
  }

  private unwatch(name: string): void {
    const entry = this.entries.get(name)
    if (entry === undefined) return
    entry.watched = false
    entry.report(false, undefined, now(), now())
    if (entry.name === undefined) this.entries.delete(name)
  }

  private live(scope: Scope): Entry {
    return this.lives.get(scope) ?? this.admit(scope)
  }

  private admit(scope: Scope): Entry {
    const entry = new Entry(scope.id, scope)
    const earlier = this.entries.get(entry.id)
    if (earlier !== undefined) {
      if (earlier.hasEnded) this.ended--
      entry.watched = earlier.watched
      entry.recovery = earlier.recovery
    }
    this.entries.set(entry.id, entry)
    this.lives.set(scope, entry)
    return entry
  }

  private begin(operation: Operation): void {
    if (operation.kind === 'task' || operation.kind === 'tick') this.live(operation.scope).begin(operation)
  }

  private end({ operation, error, endedAt }: Event<'end'>): void {
    const { kind, scope } = operation
    if (kind === 'task' || kind === 'tick') this.live(scope).end(operation, error !== null, endedAt)
    else if ((kind === 'start' || kind === 'close') && error !== null) this.live(scope).fail(error, endedAt)
  }

  private changeState({ scope, state, at }: Event<'state'>): void {
    const entry = this.live(scope)
    const had = entry.hasEnded
    entry.setState(state, at)
    if (had || !entry.hasEnded || this.entries.get(entry.id) !== entry) return
    this.ended++
    if (this.ended > MOST_ENDED) this.forgetEnded()
  }

  private remove(scope: Scope): void {
    const entry = this.lives.get(scope)
    // Not the one under this id any more: a newer scope is.
    if (entry === undefined || this.entries.get(entry.id) !== entry) return
    this.drop(entry)
  }

  /** Those that ended first go first, half of them at once, so that this is rare. */
  private forgetEnded(): void {
    for (const entry of this.entries.values()) {
      if (this.ended <= MOST_ENDED / 2) return
      if (entry.hasEnded) this.drop(entry)
    }
  }

  private drop(entry: Entry): void {
    if (entry.hasEnded) this.ended--
    this.entries.delete(entry.id)
  }
}
