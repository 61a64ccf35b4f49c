import type { Awaitable, PendingWork } from '@svc/core'
import { isThenable } from '@svc/core/internal'
import type { Inside, Insides, Owned } from './inside.ts'
import type { ReadWriteLock } from './read-write-lock.ts'

/** How often in a row guarded functions must have ended at once before the next is trusted to, and runs without a store. */
const TRUSTED_STREAK = 32

/**
 * The streak of a service whose trust was betrayed, by a plain function that gave a promise: so far below that it never
 * trusts again. That one promise nobody knows from inside; a store for each function would cost thirty times as much.
 */
const BETRAYED = -(2 ** 30)

const ASYNC_FUNCTION: unknown = (async () => {}).constructor

/** A guarded function that has not ended: it holds a stop back. */
interface Lease {
  readonly label: string
  readonly since: number
  abandoned: boolean
}

/** Runs guarded functions as readers of a lock, and knows those that have not ended. */
export class Leases {
  private readonly of: Owned
  private readonly lock: ReadWriteLock
  private readonly insides: Insides
  private streak = 0
  private held: Set<Lease> | undefined = undefined

  constructor(of: Owned, lock: ReadWriteLock, insides: Insides) {
    this.of = of
    this.lock = lock
    this.insides = insides
  }

  /** Runs `fn` and holds a stop back until it has ended. The caller has judged the state. */
  run<T>(fn: () => Awaitable<T>): Promise<T> {
    this.lock.enterRead()
    const { insides } = this
    const inside = this.trusts(fn) ? undefined : insides.enter(this.of)
    let value: Awaitable<T>
    let pending: boolean
    try {
      value = inside === undefined ? this.runTrusted(fn) : insides.run(inside, fn)
      pending = isThenable(value)
    } catch (error) {
      this.release(inside)
      return Promise.reject(error)
    }
    if (pending) return this.hold(value, fn.name, inside)
    this.streak++
    this.release(inside)
    return Promise.resolve(value)
  }

  /** Lets a stop go on although functions have not ended. They stay known until they have. */
  abandon(): void {
    for (const lease of this.held ?? []) {
      if (lease.abandoned) continue
      lease.abandoned = true
      this.lock.leaveRead()
    }
  }

  pending(service: string, into: (work: PendingWork) => void): void {
    const at = performance.now()
    for (const { label, since } of this.held ?? []) {
      into({ service, kind: 'lease', label, ageMs: at - since, startedBy: undefined })
    }
  }

  /** Never an async function, nor one inside another service's, which `running` would forget. */
  private trusts(fn: () => unknown): boolean {
    if (this.streak < TRUSTED_STREAK || fn.constructor === ASYNC_FUNCTION) return false
    const { running } = this.insides
    return running === undefined || running === this.of
  }

  private runTrusted<T>(fn: () => T): T {
    const { insides } = this
    const outer = insides.running
    insides.running = this.of
    try {
      return fn()
    } finally {
      insides.running = outer
    }
  }

  private hold<T>(value: Awaitable<T>, name: string, inside: Inside | undefined): Promise<T> {
    if (inside === undefined) this.streak = BETRAYED
    else if (this.streak > 0) this.streak = 0
    const lease: Lease = { label: name === '' ? 'guarded function' : name, since: performance.now(), abandoned: false }
    this.held ??= new Set()
    this.held.add(lease)
    const end = (): void => {
      this.held?.delete(lease)
      if (inside !== undefined) this.insides.leave(inside)
      if (!lease.abandoned) this.lock.leaveRead()
    }
    return Promise.resolve(value).then(
      (result) => {
        end()
        return result
      },
      (error: unknown) => {
        end()
        throw error
      },
    )
  }

  private release(inside: Inside | undefined): void {
    if (inside !== undefined) this.insides.leave(inside)
    this.lock.leaveRead()
  }
}
