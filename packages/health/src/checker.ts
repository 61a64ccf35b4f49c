import { emit, type HealthChange, type HealthSnapshot, type HealthSource, type Scope, ServiceError } from '@svc/core'
import { now, show } from '@svc/core/internal'
import { changesBetween } from './changes.ts'
import { createSnapshot } from './snapshot.ts'
import { Standing } from './standing.ts'
import type { Watch } from './watch.ts'

type BuildFacts = Pick<HealthSnapshot, 'version' | 'commit'>

/** What stands behind a health checker: the reporters that it watches, and what they said last. */
export class Checker {
  private readonly scope: Scope
  private readonly facts: BuildFacts
  private readonly source: HealthSource
  private readonly watches = new Map<string, Watch>()
  /** Those that may change between polls. */
  private live: readonly Watch[] = []
  private standing: Standing = new Standing([])
  /** What exporters know. */
  private told: Standing = this.standing
  private handed: HealthSnapshot | undefined = undefined
  private startedAt = 0
  private checkedAt = 0
  private polls = 0
  private revision = 0
  private everReady = false
  private isReading = false

  constructor(scope: Scope, facts: BuildFacts) {
    this.scope = scope
    this.facts = facts
    this.source = { snapshot: () => this.snapshot() }
  }

  snapshot(): HealthSnapshot {
    const { live } = this
    for (let i = 0; i < live.length; i++) {
      if (!(live[i] as Watch).isStale) continue
      this.read(false)
      break
    }
    return (this.handed ??= this.makeSnapshot())
  }

  /** Begins to count the uptime, and takes the first look. */
  start(): void {
    this.startedAt = now()
    this.poll()
  }

  /** Reads all of every reporter, error buffers and hand-written ones too, and tells exporters. */
  poll(): void {
    const startedAt = now()
    this.polls++
    this.read(true)
    this.checkedAt = now()
    this.handed = undefined
    this.tell(startedAt)
  }

  register(watch: Watch): () => void {
    const { name } = watch
    if (this.watches.has(name)) {
      throw new ServiceError(`Cannot register ${show(name)}: the name is taken`, {
        code: 'DUPLICATE_NAME',
        service: name,
      })
    }
    this.change(() => this.watches.set(name, watch))
    return () => {
      if (this.watches.get(name) === watch) this.unregister(name)
    }
  }

  unregister(name: string): void {
    if (this.watches.has(name)) this.change(() => this.watches.delete(name))
  }

  private change(apply: () => void): void {
    const startedAt = now()
    apply()
    this.live = [...this.watches.values()].filter((watch) => watch.node !== undefined)
    this.read(false)
    this.tell(startedAt)
  }

  /** A reporter may well ask the checker, or register another one, while it is read: it finds what was known before. */
  private read(all: boolean): void {
    if (this.isReading) return
    this.isReading = true
    try {
      for (const watch of this.watches.values()) {
        // What a first look flushes between two polls is kept for the whole of the next interval.
        if (watch.isUnread && !all) watch.poll(this.polls, this.polls + 2)
        else if (all) watch.poll(this.polls, this.polls + 1)
        else if (watch.isStale) watch.look()
      }
    } finally {
      this.isReading = false
    }
    if (this.standing.isOf(this.watches)) return
    this.standing = new Standing([...this.watches.values()])
    this.revision++
    this.everReady ||= this.standing.ready && this.watches.size > 0
    this.handed = undefined
  }

  /** Exporters hear of each update, since they show when the last one was; mostly it has no changes. */
  private tell(startedAt: number): void {
    const { scope, standing, told } = this
    if (scope.exporters.length === 0 || this.isReading) return
    this.told = standing
    const changes: readonly HealthChange[] = standing === told ? [] : changesBetween(told, standing)
    emit(scope, { type: 'health', scope, source: this.source, changes, startedAt, endedAt: now() })
  }

  private makeSnapshot(): HealthSnapshot {
    const { facts, standing, startedAt, checkedAt, revision, everReady } = this
    return createSnapshot({ ...facts, startedAt, checkedAt, revision, everReady }, standing)
  }
}
