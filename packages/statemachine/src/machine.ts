import {
  type Awaitable,
  emit,
  type Operation,
  type Scope,
  type ServiceError,
  type ServiceState,
  toError,
} from '@svc/core'
import {
  activate,
  beginOperation,
  endOperation,
  insideOf,
  isThenable,
  now,
  type ScopeInside,
  SERVICE_STATES,
} from '@svc/core/internal'
import { type Inside, type Insides, insidesOf, type Owned } from './inside.ts'
import { Leases } from './leases.ts'
import { ObservedBuffer, STARTED_CAP, type Watcher } from './observed-buffer.ts'
import { ReadWriteLock } from './read-write-lock.ts'
import { alreadyStarted, cannotStop, deadlock, notStarted } from './refusals.ts'

export const UNSTARTED = 0
export const STARTED = 1
export const STARTING = 2
export const START_FAILED = 3
export const STOPPING = 4
export const STOPPED = 5
export const STOP_FAILED = 6

/** What every transition that has ended at once gives back: a caller that knows it need not await it. */
export const DONE: Promise<void> = Promise.resolve()

/** A stop that waits for its turn. */
export interface QueuedStop {
  readonly ended: Promise<void>
  /** Gives up; false when its turn has come already. */
  readonly withdraw: (error: Error) => boolean
}

/**
 * The life cycle itself. Each decision is one synchronous block; a state is a number inside, its name a string only
 * where it is shown; what is rarely needed is made when it is.
 */
export class Machine implements Owned, ScopeInside {
  readonly scope: Scope
  owner: Machine | undefined = undefined
  /** A start that is not part of its owner's, though that may be in flight. */
  apart = false
  inside: Inside | undefined = undefined
  operation: Operation | undefined = undefined
  origin: Operation | undefined = undefined
  /** Whether a stop has been asked for while `Started`. */
  stopAsked = false
  readonly lock: ReadWriteLock = new ReadWriteLock()
  private code = UNSTARTED
  private buffer: ObservedBuffer | undefined = undefined
  private guarded: Leases | undefined = undefined
  private refusal: ServiceError | undefined = undefined
  private shared: Insides | undefined = undefined
  private readonly watcher: Watcher

  constructor(scope: Scope, watcher: Watcher) {
    this.scope = scope
    this.watcher = watcher
  }

  get number(): number {
    return this.code
  }

  /** `Started`, and nobody has asked for a stop. */
  get isUp(): boolean {
    return this.code === STARTED && !this.stopAsked
  }

  state(): ServiceState {
    return SERVICE_STATES[this.code] as ServiceState
  }

  /** One cached error for each state: a tree that is not ready is asked often. */
  notStarted(): ServiceError | null {
    if (this.code === STARTED) return null
    return (this.refusal ??= notStarted(this.scope.id, this.state()))
  }

  get errors(): ObservedBuffer {
    return (this.buffer ??= new ObservedBuffer(this.scope, this.code === UNSTARTED ? 0 : STARTED_CAP, this.watcher))
  }

  /** What the error buffer held; nothing is made to say that there was nothing. */
  takeErrors(): readonly Error[] {
    return this.buffer === undefined || this.buffer.isEmpty ? NONE : this.buffer.take().errors
  }

  get leases(): Leases {
    return (this.guarded ??= new Leases(this, this.lock, this.insides))
  }

  /** The leases, if there ever was one. */
  get knownLeases(): Leases | undefined {
    return this.guarded
  }

  isInside(): boolean {
    return this.insides.holds(this)
  }

  start(fn: () => Awaitable<void>): Promise<void> {
    if (this.code !== UNSTARTED) return Promise.reject(alreadyStarted(this.scope.id, this.state()))
    if (this.isInside()) return Promise.reject(deadlock(this.scope.id, this.state(), 'start'))
    // State and turn are taken before anyone is told: an exporter that calls back finds this start under way.
    this.set(STARTING)
    const waiting = this.lock.tryWrite() ? undefined : this.queueStart(fn)
    this.origin = this.begin('start')
    this.tell('Unstarted')
    return waiting ?? this.run(this.origin, fn, STARTED, START_FAILED)
  }

  private queueStart(fn: () => Awaitable<void>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.lock.write(
      this.insides.later(() => {
        this.run(this.origin, fn, STARTED, START_FAILED).then(resolve, reject)
      }),
    )
    return promise
  }

  stop(fn: () => Awaitable<void>): Promise<void> {
    return this.stopNow(fn) ?? this.queueStop(fn).ended
  }

  /** A stop that need not wait for its turn; `undefined` when it must. */
  stopNow(fn: () => Awaitable<void>): Promise<void> | undefined {
    if (this.isInside()) return Promise.reject(deadlock(this.scope.id, this.state(), 'close'))
    return this.lock.tryWrite() ? this.judgeAndStop(fn) : undefined
  }

  queueStop(fn: () => Awaitable<void>): QueuedStop {
    if (this.code === STARTED) this.stopAsked = true
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
    const run = this.insides.later(() => {
      this.judgeAndStop(fn).then(resolve, reject)
    })
    const withdraw = (error: Error): boolean => {
      const withdrawn = this.lock.withdraw(run)
      if (withdrawn) reject(error)
      return withdrawn
    }
    this.lock.write(run)
    return { ended, withdraw }
  }

  private judgeAndStop(fn: () => Awaitable<void>): Promise<void> {
    const refusal = cannotStop(this.scope.id, this.state())
    if (refusal !== undefined) {
      this.lock.leaveWrite()
      return Promise.reject(refusal)
    }
    this.stopAsked = true
    const previous = this.state()
    this.set(STOPPING)
    const operation = this.begin('close')
    this.tell(previous)
    return this.run(operation, fn, STOPPED, STOP_FAILED)
  }

  /** As the writer: runs `fn`, then moves on. A throw and a rejection are the same failure. */
  private run(operation: Operation | undefined, fn: () => Awaitable<void>, good: number, bad: number): Promise<void> {
    if (good === STARTED) this.buffer?.setCap(STARTED_CAP)
    let result: Awaitable<void>
    let pending: boolean
    try {
      result = operation === undefined ? this.runInside(fn) : activate(operation, () => this.runInside(fn))
      pending = isThenable(result)
    } catch (error) {
      return Promise.reject(this.end(operation, bad, toError(error)))
    }
    if (pending) {
      return Promise.resolve(result).then(
        () => {
          this.end(operation, good, null)
        },
        (error: unknown) => {
          throw this.end(operation, bad, toError(error))
        },
      )
    }
    this.end(operation, good, null)
    return DONE
  }

  private runInside<T>(fn: () => T): T {
    const around = this.apart ? undefined : this.owner?.inside
    if (around !== undefined && !around.done) {
      this.inside = around
      return fn()
    }
    this.inside = this.insides.enter(this)
    return this.insides.run(this.inside, fn)
  }

  private end<E extends Error | null>(operation: Operation | undefined, code: number, error: E): E {
    const { inside } = this
    this.inside = undefined
    this.operation = undefined
    if (inside?.of === this) this.insides.leave(inside)
    this.watcher.settled()
    const previous = this.state()
    this.set(code)
    this.tell(previous)
    endOperation(operation, error)
    this.lock.leaveWrite()
    return error
  }

  private begin(kind: 'start' | 'close'): Operation | undefined {
    const around = this.owner ?? insideOf(this.scope.parent)
    return (this.operation = beginOperation(this.scope, kind, this.scope.name, around?.operation, this.origin))
  }

  private set(code: number): void {
    this.code = code
    this.refusal = undefined
  }

  private tell(previous: ServiceState): void {
    this.watcher.touch()
    const { scope } = this
    if (scope.exporters.length > 0) emit(scope, { type: 'state', scope, previous, state: this.state(), at: now() })
  }

  protected get insides(): Insides {
    return (this.shared ??= insidesOf(this.scope))
  }
}

const NONE: readonly Error[] = Object.freeze([])
