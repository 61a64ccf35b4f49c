import { AsyncLocalStorage } from 'node:async_hooks'
import { type Awaitable, emit, type HealthNode, type PendingWork, type Service } from '@svc/core'
import {
  checkFunction,
  checkName,
  checkObject,
  ChildScope,
  refuseNonFunction,
  SCOPE_INSIDE,
  type ScopeInside,
  type VisitEntry,
} from '@svc/core/internal'
import { alreadyStopped, Machine, notStarted, STARTED, STARTING, STOPPED, STOPPING } from '@svc/statemachine/internal'
import type { ChildOptions, StopContext } from '@svc/stopchan'
import { Chan, type StopNode } from '@svc/stopchan/internal'
import type { Ticker, TickerOptions } from '@svc/ticker'
import type { OwnedNode } from './children.ts'
import { checkConditionError, Conditions } from './conditions.ts'
import type { Engine, TaskOptions } from './engine.ts'
import { Family } from './family.ts'
import type { ServiceConfig } from './service-config.ts'
import { checkTaskOptions } from './task-options.ts'
import { type Enclose, Tasks } from './tasks.ts'
import { startTicks } from './ticks.ts'
import { pendingInTree, touchPath, visitTree, walkTree } from './tree.ts'

/**
 * What stands behind a service. One lean object for the scope, the engine and the health node, since thousands of them
 * may live; tasks, conditions, sub-services and the stop chan are made when they are first needed.
 */
export class ServiceEngine extends ChildScope implements Engine, OwnedNode {
  readonly config: ServiceConfig
  readonly machine: Machine
  readonly enclose: Enclose | undefined
  /** The start or close in flight: what its deadline is, and the hook that runs. */
  transition: StopNode | undefined = undefined
  hook: { readonly kind: 'start' | 'close'; readonly since: number } | undefined = undefined
  family: Family | undefined = undefined
  revision = 0
  height = 1
  owner: HealthNode | undefined = undefined
  private stop: Chan | undefined = undefined
  private tracked: Tasks | undefined = undefined
  private sticky: Conditions | undefined = undefined

  constructor(config: ServiceConfig) {
    super(config.name, config.parent)
    this.config = config
    this.machine = new Machine(this, this)
    // The context in which the scope is made, for tasks: a timer made in a start would stay in its span for ever.
    this.enclose = this.exporters.some((exporter) => exporter.activate !== undefined)
      ? AsyncLocalStorage.snapshot()
      : undefined
  }

  get engine(): this {
    return this
  }

  get chan(): Chan {
    return (this.stop ??= new Chan())
  }

  get tasks(): Tasks {
    return (this.tracked ??= new Tasks(this))
  }

  get knownTasks(): Tasks | undefined {
    return this.tracked
  }

  get knownConditions(): Conditions | undefined {
    return this.sticky
  }

  get conditions(): Conditions {
    return (this.sticky ??= new Conditions(this, this))
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
    if (number !== STARTED && number !== STARTING && number !== STOPPING) throw this.notStarted()
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
    this.sticky?.clear(key)
  }

  newHealthCondition(error: unknown): (() => void) & Disposable {
    checkConditionError(error)
    const key = Symbol()
    this.conditions.set(key, error)
    const undo = (): void => {
      this.sticky?.clear(key)
    }
    return Object.assign(undo, { [Symbol.dispose]: undo })
  }

  visit(into: VisitEntry, flush: boolean): void {
    visitTree(this, into, flush)
  }

  adopt(owner: HealthNode | null): void {
    if (owner === null) {
      this.owner = undefined
      this.machine.owner = undefined
      return
    }
    if (this.owner !== undefined) throw new TypeError(`Cannot own ${this.quoted}: it has an owner already`)
    for (let above: HealthNode | undefined = owner; above !== undefined; above = (above as OwnedNode).owner) {
      if (above === this) throw new TypeError(`Cannot own ${this.quoted}: it is above its owner already`)
    }
    this.owner = owner
    this.machine.owner = (owner as OwnedNode).machine
  }

  touch(): void {
    touchPath(this)
  }

  /** Tells exporters that it and all below it have gone. */
  removed(): void {
    walkTree(
      this,
      (engine) => {
        emit(engine, { type: 'removed', scope: engine })
      },
      (child) => {
        child.node?.removed?.()
      },
    )
  }

  // ---- deadlines

  pending(into: (work: PendingWork) => void): void {
    pendingInTree(this, into)
  }

  /** What of its own has not ended, without its sub-services. */
  pendingHere(into: (work: PendingWork) => void): void {
    const { hook, id } = this
    if (hook !== undefined) {
      into({
        service: id,
        kind: hook.kind,
        label: hook.kind,
        ageMs: performance.now() - hook.since,
        startedBy: undefined,
      })
    }
    this.machine.knownLeases?.pending(id, into)
    this.tracked?.pending(id, into)
  }

  /** Ends a start in flight, and those below it, that somebody's deadline cannot wait for. */
  interrupt(reason: unknown): void {
    walkTree(
      this,
      (engine) => {
        if (engine.machine.number === STARTING) engine.transition?.cancel(reason)
      },
      (child) => {
        child.node?.interrupt?.(reason)
      },
    )
  }

  private get quoted(): string {
    return JSON.stringify(this.id)
  }
}

// Not in the class body: a computed name there has no type that can be declared.
Object.defineProperty(ServiceEngine.prototype, SCOPE_INSIDE, {
  get(this: ServiceEngine): ScopeInside {
    return this.machine
  },
})
