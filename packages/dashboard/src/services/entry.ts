import type { Operation, Scope, ServiceState } from '@svc/core'
import { keyOf } from '../key.ts'
import { clip } from '../text.ts'
import { messageOf } from './words.ts'

/** A condition that is set now. */
export interface Condition {
  readonly error: Error
  readonly since: number
}

/** The last tick of a label. */
export interface Tick {
  readonly startedAt: number
  readonly endedAt: number
  readonly failed: boolean
}

/** A time of being unhealthy that is over. */
export interface Recovery {
  readonly since: number
  readonly until: number
  readonly why: string
}

/** How much of a reason is remembered after it is over. */
const MOST_WHY = 200
/** How many tick labels of one service are kept. */
const MOST_TICKS = 5

/** What is known of one service: of the newest scope under its id, or of a name in a health report. */
export class Entry {
  readonly id: string
  /** The last part of the id, as its scope has it; none for a name without a scope. */
  readonly name: string | undefined
  readonly parentId: string | undefined
  readonly draining: AbortSignal | undefined
  /** Whether a checker has told of it. */
  watched = false
  state: ServiceState | undefined = undefined
  stateAt = 0
  startedAt: number | undefined = undefined
  /** Why its start or its close failed. */
  failure: Error | undefined = undefined
  readonly conditions: Map<string, Condition> = new Map()
  /** How many conditions there are, with those that have no key. */
  active = 0
  /** The last condition without a key. */
  unkeyed: Error | undefined = undefined
  readonly inFlight: Set<Operation> = new Set()
  readonly ticks: Map<string, Tick> = new Map()
  /** The first error since the last flush. */
  private errorAt: number | undefined = undefined
  /** The last flush that took errors: when, and the first of them. */
  private flushed: { readonly at: number; readonly since: number } | undefined = undefined
  /** Since when it is not well. */
  since: number | undefined = undefined
  recovery: Recovery | undefined = undefined
  /** What a checker told last. */
  private reported: Error | undefined = undefined
  private why: { readonly error: Error; readonly key: string | undefined } | undefined = undefined
  private hash: string | undefined = undefined
  /** Goes up with each change, so that what has not changed is not drawn again. */
  revision = 0

  constructor(id: string, scope?: Scope) {
    this.id = id
    this.name = scope?.name
    this.parentId = scope?.parent?.id
    this.draining = scope?.draining
  }

  /** Names it in the page. */
  get key(): string {
    return (this.hash ??= keyOf(this.id))
  }

  /** Whether nothing will happen to it any more. */
  get hasEnded(): boolean {
    return this.state === 'Stopped' || this.state === 'StopFailed' || this.state === 'StartFailed'
  }

  private get hasFailed(): boolean {
    return this.state === 'StartFailed' || this.state === 'StopFailed'
  }

  setState(state: ServiceState, at: number): void {
    this.state = state
    this.stateAt = at
    if (state === 'Started') this.startedAt = at
    this.settle(at)
  }

  fail(error: Error, at: number): void {
    this.failure = error
    this.why = { error, key: undefined }
    this.settle(at)
  }

  setCondition(key: string, error: Error | null, active: number, at: number): void {
    this.active = active
    if (error !== null) {
      this.why = { error, key: key === '' ? undefined : key }
      if (key === '') this.unkeyed = error
      else this.conditions.set(key, { error, since: this.conditions.get(key)?.since ?? at })
    } else if (key !== '') this.conditions.delete(key)
    if (active === this.conditions.size) this.unkeyed = undefined
    // What the checker told was that, as a rule; if it was not, the next reading says so.
    if (active === 0) this.reported = undefined
    this.settle(at)
  }

  errorEmitted(at: number): void {
    this.errorAt ??= at
  }

  errorsFlushed(at: number): void {
    if (this.errorAt !== undefined) this.flushed = { at, since: this.errorAt }
    this.errorAt = undefined
  }

  /**
   * Takes what a checker tells: an error that makes it unhealthy, or one that is mere life cycle, or none. Errors that
   * this poll flushed are older than it.
   */
  report(isBad: boolean, error: Error | null | undefined, startedAt: number, at: number): void {
    const { flushed } = this
    this.take(isBad ? (error ?? undefined) : undefined)
    this.settle(isBad && flushed !== undefined && flushed.at >= startedAt ? flushed.since : at)
  }

  begin(operation: Operation): void {
    this.revision++
    this.inFlight.add(operation)
  }

  /** @param endedAt when; a tick is remembered, a task is not */
  end(operation: Operation, failed: boolean, endedAt: number): void {
    this.revision++
    this.inFlight.delete(operation)
    const { kind, label, startedAt } = operation
    if (kind === 'tick') this.tickEnded(label, { startedAt, endedAt, failed })
  }

  private tickEnded(label: string, tick: Tick): void {
    // The newest last, so that the one dropped is the one that has not ticked for longest.
    this.ticks.delete(label)
    if (this.ticks.size === MOST_TICKS) this.ticks.delete(this.ticks.keys().next().value as string)
    this.ticks.set(label, tick)
  }

  /** Brings it in line with a reading of the health now, which may know more than the last event, or less. */
  reconcile(error: Error | null, at: number): void {
    const known = this.reported !== undefined
    if (error === null ? !known : known || this.active > 0) return
    this.take(error ?? undefined)
    this.settle(at)
  }

  private take(error: Error | undefined): void {
    this.reported = error
    // A condition says it better than the report, in which it stands among others.
    if (error !== undefined && this.active === 0) this.why = { error, key: undefined }
  }

  private settle(at: number): void {
    this.revision++
    const isBad = this.hasFailed || (this.state !== 'Stopped' && (this.active > 0 || this.reported !== undefined))
    if (isBad) this.since ??= at
    else if (this.since !== undefined) {
      this.recovery = { since: this.since, until: at, why: this.whyText() }
      this.since = undefined
      this.why = undefined
    }
  }

  private whyText(): string {
    if (this.why === undefined) return ''
    const { error, key } = this.why
    const [line = ''] = messageOf(error).split('\n', 1)
    return clip(key === undefined ? line : `${key}: ${line}`, MOST_WHY)
  }
}
