import { type Awaitable, type ErrorBuffer, joinErrors, type Scope, type ServiceState } from '@svc/core'
import {
  checkName,
  checkObject,
  checkScope,
  ChildScope,
  refuseNonFunction,
  SCOPE_INSIDE,
  type ScopeInside,
} from '@svc/core/internal'
import { Machine, STARTED, STOPPED } from './machine.ts'
import type { Watcher } from './observed-buffer.ts'
import { alreadyStopped, deadlock, notStarted } from './refusals.ts'

/** Runs functions only while a service is in the right state. */
export interface Guards {
  /**
   * Waits for a transition in flight, runs `fn` if the state is `Started`, and holds a stop back until it has ended.
   * Resolves to what `fn` gives, rejects as it does. @throws ServiceError `NOT_STARTED` in every other state
   */
  ifStarted<T>(fn: () => Awaitable<T>): Promise<T>
  /** The same in every state but `Stopped`. @throws ServiceError `ALREADY_STOPPED` */
  ifNotStopped<T>(fn: () => Awaitable<T>): Promise<T>
  /** What runs after it without an `await` is safe: nothing can stop the service in between. @throws ServiceError `NOT_STARTED` */
  assertStarted(): void
}

/**
 * A life cycle for something of your own: started once, stopped once.
 *
 * ```
 *             startOnce          ok           stopOnce          ok
 * Unstarted ────────────▶ Starting ──▶ Started ────────▶ Stopping ──▶ Stopped
 *                             │ failed                       │ failed
 *                             ▼                              ▼
 *                        StartFailed                     StopFailed
 * ```
 *
 * Transitions and guarded functions share a fair read-write lock, as in Go: guarded functions run beside each other; a
 * transition waits for those in flight and holds new ones back; when it is done, those waiting go before the next
 * transition. A call from inside a function that it would wait for rejects with `DEADLOCK`.
 */
export interface StateMachine extends Guards {
  /**
   * Runs `fn` as the start. From `Unstarted` only: `Starting` at once, then waits for `ifNotStopped` functions in
   * flight, runs `fn`, and is `Started`, or `StartFailed` and rejects with `fn`'s error. In every other state it rejects
   * at once with `ALREADY_STARTED`, which names the state, also while the first start is still in `fn`.
   */
  startOnce(fn: () => Awaitable<void>): Promise<void>
  /**
   * Runs `fn` as the stop, after a transition and guarded functions in flight. From `Started`: `Stopping`, then
   * `Stopped`, or `StopFailed` and rejects with `fn`'s error. It judges the state that it finds after waiting:
   * `Unstarted` rejects with `CANNOT_STOP_UNSTARTED`, `Stopped` with `ALREADY_STOPPED`, a failed state with `CANNOT_STOP`.
   */
  stopOnce(fn: () => Awaitable<void>): Promise<void>
  /** The state, without waiting. */
  state(): ServiceState
  /** `null` when `Started`, else a `NOT_STARTED` error that names the state. */
  readiness(): Error | null
  /** The same while not started; while started it **flushes** the error buffer: the joined error, or `null`. */
  health(): Error | null
  /** What `health` flushes. Uncapped until the start, which sets the cap to 50; a cap set later holds. */
  readonly errors: ErrorBuffer
}

/** Options of {@link createStateMachine}. */
export interface StateMachineOptions {
  readonly name: string
  /** Whose logger and exporters it uses. */
  readonly parent?: Scope | undefined
}

/**
 * Makes a state machine. Go: `StateMachine`.
 *
 * @throws TypeError for an empty name or a parent that is no scope.
 * @example
 * ```ts
 * const machine = createStateMachine({ name: 'Cache' })
 * await machine.startOnce(() => load())
 * await machine.ifStarted(() => look('key'))
 * ```
 */
export function createStateMachine(options: StateMachineOptions): StateMachine {
  checkObject(options, 'the options')
  const { name, parent } = options
  checkName(name, 'option "name"')
  if (parent !== undefined) checkScope(parent)
  return new GuardedMachine(new ChildScope(name, parent))
}

const UNWATCHED: Watcher = { touch: () => {}, settled: () => {} }

/** The forms of the guards that wait, as in Go. */
class GuardedMachine extends Machine implements StateMachine {
  constructor(scope: ChildScope) {
    super(scope, UNWATCHED)
    ;(scope as { [SCOPE_INSIDE]?: ScopeInside })[SCOPE_INSIDE] = this
  }

  startOnce(fn: () => Awaitable<void>): Promise<void> {
    return refuseNonFunction(fn, 'the start function') ?? this.start(fn)
  }

  stopOnce(fn: () => Awaitable<void>): Promise<void> {
    return refuseNonFunction(fn, 'the stop function') ?? this.stop(fn)
  }

  ifStarted<T>(fn: () => Awaitable<T>): Promise<T> {
    const refused = refuseNonFunction(fn, 'the guarded function')
    if (refused !== undefined) return refused
    return this.mustWait() ? this.later(() => this.runIfStarted(fn)) : this.runIfStarted(fn)
  }

  ifNotStopped<T>(fn: () => Awaitable<T>): Promise<T> {
    const refused = refuseNonFunction(fn, 'the guarded function')
    if (refused !== undefined) return refused
    return this.mustWait() ? this.later(() => this.runIfNotStopped(fn)) : this.runIfNotStopped(fn)
  }

  assertStarted(): void {
    if (this.number !== STARTED) throw notStarted(this.scope.id, this.state())
  }

  readiness(): Error | null {
    return this.notStarted()
  }

  health(): Error | null {
    return this.notStarted() ?? joinErrors(this.takeErrors())
  }

  private runIfStarted<T>(fn: () => Awaitable<T>): Promise<T> {
    return this.number === STARTED ? this.leases.run(fn) : Promise.reject(notStarted(this.scope.id, this.state()))
  }

  private runIfNotStopped<T>(fn: () => Awaitable<T>): Promise<T> {
    return this.number === STOPPED ? Promise.reject(alreadyStopped(this.scope.id, this.state())) : this.leases.run(fn)
  }

  /** A guarded function called from inside another one holds a waiting stop back already, and must not wait for it. */
  private mustWait(): boolean {
    return this.lock.holdsReaders && (this.lock.isWriting || !this.isInside())
  }

  private later<T>(run: () => Promise<T>): Promise<T> {
    if (this.isInside()) return Promise.reject(deadlock(this.scope.id, this.state(), 'use'))
    return new Promise((resolve, reject) => {
      this.lock.waitRead(
        this.insides.later(() => {
          run().then(resolve, reject)
          this.lock.leaveRead()
        }),
      )
    })
  }
}
