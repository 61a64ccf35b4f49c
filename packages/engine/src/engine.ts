import type { Awaitable, Scope, Service } from '@svc/core'
import type { Guards } from '@svc/statemachine'
import type { StopContext, StopView } from '@svc/stopchan'
import type { Ticker, TickerOptions } from '@svc/ticker'

/** How a task is known and limited. */
export interface TaskOptions {
  /** Shown in conditions, metrics and deadline reports; the function's name by default. */
  readonly label?: string | undefined
  /** Ends the task's context as well as the engine's stop does. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The inside of a service: what its hooks and its own functions work with. It is a scope, so sub-services are made with
 * it as their parent, and a view of the service's stop: `signal` aborts when the service begins to close, or its start
 * has failed.
 *
 * `go`, `goTick` and `startSubService` are for a service that is `Starting` or `Started` (`go` also while it closes, so
 * that tasks can start tasks); before and after they refuse with `NOT_STARTED`. The guards never wait: they judge the
 * state at the call, refuse as `Stopping` once a stop has been asked for, and hold a stop back while their function runs.
 */
export interface Engine extends Scope, StopView, Guards {
  /**
   * Runs a task that the close waits for. Its context ends with the service, with the signal given, or with the task.
   * A task that rejects becomes the health condition `task LABEL`, unless it only hands on that its context has ended.
   *
   * @throws ServiceError `NOT_STARTED`
   */
  go(fn: (task: StopContext) => Awaitable<void>, options?: TaskOptions): void
  /**
   * Runs `fn` at each tick until the service closes; ticks never overlap. A tick that fails becomes the health condition
   * `tick LABEL`, which the next success clears. Given a ticker it stops that one at the end.
   *
   * @throws ServiceError `NOT_STARTED`
   */
  goTick(
    ticker: Ticker | TickerOptions,
    fn: (tick: StopContext) => Awaitable<void>,
    options?: { readonly label?: string | undefined },
  ): void
  /**
   * Adopts a service and starts it; from then on it is a sub-service as any other. A start that fails, or that the
   * parent's close or the signal aborts, un-adopts it and rejects. While the parent is starting a failure is not the
   * parent's failure unless its hook makes it one.
   *
   * @throws ServiceError `NOT_STARTED` unless `Starting` or `Started`
   */
  startSubService<S extends Service>(service: S, options?: { readonly signal?: AbortSignal | undefined }): Promise<S>
  /** Closes a sub-service and un-adopts it, also when the close fails. @throws ServiceError `NOT_STARTED`, TypeError for one that is none of this service's */
  closeSubService(service: Service): Promise<void>
  /** Puts an error into the buffer that the next look at the health consumes. */
  emitHealthError(error: unknown): void
  /** Sets a sticky condition, shown as `key: message`; the same key replaces. @throws TypeError for `null` and `undefined` */
  setHealthCondition(key: string, error: unknown): void
  /** Clears a condition; harmless when there is none. */
  clearHealthCondition(key: string): void
  /** Sets a condition without a key, shown as its message alone, and gives back its undo, which is also a `Disposable`. */
  newHealthCondition(error: unknown): (() => void) & Disposable
}
