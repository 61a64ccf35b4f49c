import type { Awaitable, Service } from '@svc/core'
import {
  checkFunction,
  checkName,
  checkObject,
  refuseNonFunction,
  SCOPE_INSIDE,
  type ScopeInside,
} from '@svc/core/internal'
import { alreadyStopped, notStarted, STARTED, STARTING, STOPPED, STOPPING } from '@svc/statemachine/internal'
import type { ChildOptions, StopContext } from '@svc/stopchan'
import type { Ticker, TickerOptions } from '@svc/ticker'
import { checkConditionError } from './conditions.ts'
import type { Engine, TaskOptions } from './engine.ts'
import { Family } from './family.ts'
import { ServiceCore } from './service-core.ts'
import { checkTaskOptions } from './task-options.ts'
import { startTicks } from './ticks.ts'

/** What a service's hooks and its own functions work with: the calls, over the state in {@link ServiceCore}. */
export class ServiceEngine extends ServiceCore implements Engine {
  get engine(): ServiceEngine {
    return this
  }

  // ---- the stop, for those below

  get signal(): AbortSignal {
    return this.chan.signal
  }

  child(options?: ChildOptions): StopContext {
    return this.chan.child(options)
  }

  bind(controller: AbortController): AbortController {
    return this.chan.bind(controller)
  }

  // ---- guards: they never wait

  ifStarted<T>(fn: () => Awaitable<T>): Promise<T> {
    if (typeof fn !== 'function') return refuseNonFunction(fn, 'the guarded function') as Promise<never>
    const { machine } = this
    return machine.isUp ? machine.leases.run(fn) : Promise.reject(this.notStarted())
  }

  ifNotStopped<T>(fn: () => Awaitable<T>): Promise<T> {
    if (typeof fn !== 'function') return refuseNonFunction(fn, 'the guarded function') as Promise<never>
    const { machine } = this
    if (
      machine.number === STOPPED ||
      machine.number === STOPPING ||
      (machine.number === STARTED && machine.stopAsked)
    ) {
      return Promise.reject(alreadyStopped(this.id, machine.number === STOPPED ? 'Stopped' : 'Stopping'))
    }
    return machine.leases.run(fn)
  }

  assertStarted(): void {
    if (!this.machine.isUp) throw this.notStarted()
  }

  notStarted(): Error {
    const { machine } = this
    return notStarted(this.id, machine.number === STARTED ? 'Stopping' : machine.state())
  }

  // ---- background work

  go(fn: (task: StopContext) => Awaitable<void>, options?: TaskOptions): void {
    checkFunction(fn, 'the task')
    checkTaskOptions(options)
    this.assertRunning()
    this.tasks.go(fn, options)
  }

  goTick(
    ticker: Ticker | TickerOptions,
    fn: (tick: StopContext) => Awaitable<void>,
    options?: { readonly label?: string | undefined },
  ): void {
    checkObject(ticker, 'the ticker')
    checkFunction(fn, 'the tick function')
    checkTaskOptions(options)
    this.assertRunning()
    startTicks(this.tasks, ticker, fn, options)
  }

  /** Tasks may start tasks, also while the service closes. */
  private assertRunning(): void {
    const { number } = this.machine
    const isRunning = number === STARTED || number === STARTING || number === STOPPING
    if (!isRunning || this.sealed) throw this.notStarted()
  }

  // ---- sub-services that come and go

  startSubService<S extends Service>(service: S, options?: { readonly signal?: AbortSignal | undefined }): Promise<S> {
    this.family ??= new Family(this)
    return this.family.start(service, options)
  }

  closeSubService(service: Service): Promise<void> {
    this.family ??= new Family(this)
    return this.family.close(service)
  }

  // ---- health

  emitHealthError(error: unknown): void {
    this.machine.errors.append(error)
  }

  setHealthCondition(key: string, error: unknown): void {
    checkName(key, 'the key of a health condition')
    checkConditionError(error)
    this.conditions.set(key, error)
  }

  clearHealthCondition(key: string): void {
    checkName(key, 'the key of a health condition')
    this.knownConditions?.clear(key)
  }

  newHealthCondition(error: unknown): (() => void) & Disposable {
    checkConditionError(error)
    const key = Symbol()
    this.conditions.set(key, error)
    const undo = (): void => {
      this.knownConditions?.clear(key)
    }
    return Object.assign(undo, { [Symbol.dispose]: undo })
  }
}

// Not in the class body: a computed name there has no type that can be declared.
Object.defineProperty(ServiceEngine.prototype, SCOPE_INSIDE, {
  get(this: ServiceEngine): ScopeInside {
    return this.machine
  },
})
