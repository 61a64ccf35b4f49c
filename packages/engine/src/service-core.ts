import { AsyncLocalStorage } from 'node:async_hooks'
import { emit, type HealthNode, type PendingWork, type ServiceState } from '@svc/core'
import { ChildScope, SILENT, type VisitEntry } from '@svc/core/internal'
import { Machine, STARTING } from '@svc/statemachine/internal'
import { Chan, type StopNode } from '@svc/stopchan/internal'
import type { OwnedNode } from './children.ts'
import { Conditions } from './conditions.ts'
import type { Family } from './family.ts'
import type { ServiceConfig } from './service-config.ts'
import type { ServiceEngine } from './service-engine.ts'
import { type Enclose, Tasks } from './tasks.ts'
import { pendingInTree, touchPath, visitTree, walkTree } from './tree.ts'

/**
 * What stands behind a service. One lean object for the scope, the engine and the health node, since thousands of them
 * may live; tasks, conditions, sub-services and the stop chan are made when they are first needed.
 */
export abstract class ServiceCore extends ChildScope implements OwnedNode {
  readonly config: ServiceConfig
  readonly machine: Machine
  readonly enclose: Enclose | undefined
  /** The start or close in flight: what its deadline is, and the hook that runs. */
  transition: StopNode | undefined = undefined
  /** Whether that deadline was given, and so holds for sub-services too. */
  isBounded = false
  /** Whether the stop has been closed, or would be if it had been made. */
  halted = false
  /** Whether a transition has ended for good, although the state does not say so yet: no more work is taken. */
  sealed = false
  hook: { readonly kind: 'start' | 'close'; readonly since: number } | undefined = undefined
  family: Family | undefined = undefined
  revision = 0
  height = 1
  owner: HealthNode | undefined = undefined
  /** What tells an override of `readiness` from the method that it was made with. */
  ownReadiness: (() => Error | null) | undefined = undefined
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

  /** The same object, as what hooks are given. */
  abstract get engine(): ServiceEngine

  /** Made when it is first asked for; a service that has stopped by then has one that is closed. */
  get chan(): Chan {
    if (this.stop === undefined) {
      this.stop = new Chan()
      if (this.halted) this.stop.close()
    }
    return this.stop
  }

  /** Aborts what runs on behalf of the service. */
  halt(): void {
    this.halted = true
    this.stop?.close()
  }

  get isBusy(): boolean {
    return this.tracked !== undefined && this.tracked.size > 0
  }

  /** Whether the budget of the transition in flight has ended. */
  get isLate(): boolean {
    return this.transition?.hasEnded === true
  }

  /** What sub-services are given of a deadline; nothing where there is none. */
  get signalBelow(): AbortSignal | undefined {
    return this.isBounded ? this.transition?.share() : undefined
  }

  /** A line about the life cycle; not even made where nobody reads it. */
  log(state: ServiceState, message: string): void {
    const { logger } = this
    if (logger !== SILENT) logger.info({ state }, message)
  }

  get tasks(): Tasks {
    return (this.tracked ??= new Tasks(this.engine))
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

  // ---- health, along ownership

  visit(into: VisitEntry, flush: boolean): void {
    visitTree(this.engine, into, flush)
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
    touchPath(this.engine)
  }

  /** A transition has ended, well or not. */
  settled(): void {
    this.transition?.detach()
    this.transition = undefined
    this.isBounded = false
  }

  /** Tells exporters that it and all below it have gone. */
  removed(): void {
    walkTree(
      this.engine,
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
    pendingInTree(this.engine, into)
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
      this.engine,
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
