import { type HealthNode, isServiceError, nodeOf, type PendingWork, type Service } from '@svc/core'
import { checkFunction, checkName, checkObject, isThenable, show } from '@svc/core/internal'
import { DONE, type Machine, STARTED, STARTING, STOPPED, STOPPING } from '@svc/statemachine/internal'
import { sourceOf, StopNode, StopSource } from '@svc/stopchan/internal'
import type { ServiceEngine } from './service-engine.ts'

/** What an owner needs of the inside of a sub-service beyond its health; a node of another make may lack it. */
export interface OwnedNode extends HealthNode {
  /** Itself, when it is an engine. */
  readonly engine?: ServiceEngine
  readonly height?: number
  readonly machine?: Machine
  readonly owner?: HealthNode | undefined
  touch?(): void
  pending?(into: (work: PendingWork) => void): void
  interrupt?(reason: unknown): void
  removed?(): void
}

/** Every so many levels a transition goes on in a new call stack: how deep a tree is, is the user's affair. */
const LEVELS_A_STACK = 64

/** One sub-service, as its owner sees it. */
export class Child {
  readonly service: Service
  readonly node: OwnedNode | undefined
  /** The name that a reporter that is not ours had when it was adopted: it may not be able to tell it any more. */
  private readonly givenName: string | undefined = undefined
  /** Whether it has started and no close of it has begun. */
  started = false
  /** Whether it has left its owner. */
  gone = false
  /** A close of this one alone, in flight, and what ends the time that it has. */
  closing: Promise<void> | undefined = undefined
  private hurry: StopNode | undefined = undefined
  private startingSince: number | undefined = undefined
  private closingSince: number | undefined = undefined

  constructor(service: Service) {
    checkService(service)
    this.service = service
    this.node = nodeOf(service)
    if (this.node?.engine === undefined) {
      const name: unknown = service.name()
      checkName(name, 'the name of a sub-service')
      this.givenName = name as string
    }
  }

  /** Its full name. */
  get id(): string {
    return this.givenName ?? this.node?.engine?.id ?? ''
  }

  /** What tells it from its siblings, without making full names where the last parts will do. */
  keyUnder(owner: ServiceEngine): string {
    const engine = this.node?.engine
    if (engine?.parent === owner) return engine.name
    const prefix = `${owner.id}.`
    return this.id.startsWith(prefix) ? this.id.slice(prefix.length) : `\0${this.id}`
  }

  is(service: Service): boolean {
    return this.service === service || (this.node !== undefined && this.node === nodeOf(service))
  }

  /** Whether a close of its owner has something to do or to wait for. */
  get isOpen(): boolean {
    return this.closing !== undefined || (this.started && this.node?.machine?.number !== STOPPED)
  }

  /** Whether it asks more of readiness than its inside does. */
  get overridesReadiness(): boolean {
    const engine = this.node?.engine
    return engine !== undefined && this.service.readiness !== engine.ownReadiness
  }

  /** How many levels it has; one that is not ours may have any number. */
  get height(): number {
    return this.node?.height ?? LEVELS_A_STACK - 1
  }

  /** Whether its start or close had better not run on top of its owner's. */
  get needsNewStack(): boolean {
    return this.height % LEVELS_A_STACK === LEVELS_A_STACK - 1
  }

  /** Starts it; `undefined` when it has ended at once. */
  start(signal: AbortSignal | undefined): PromiseLike<unknown> | undefined {
    const { closing } = this
    if (closing !== undefined) return this.startUnlessGone(closing, signal)
    const result: unknown = this.service.start(signal)
    if (result !== DONE && isThenable(result)) return this.endAfter(result, 'start')
    this.started = true
    return undefined
  }

  /** Somebody has asked for it to go before it has been started: that is settled first. */
  private async startUnlessGone(closing: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    await closing.catch(() => {})
    if (!this.gone) await this.start(signal)
  }

  /** Closes it; `undefined` when it has ended at once. That it has stopped already is no failure. */
  close(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    const wasStarted = this.started
    this.started = false
    let result: unknown
    try {
      result = this.service.close(signal)
      if (result === DONE || !isThenable(result)) return undefined
    } catch (error) {
      return Promise.reject(error)
    }
    return this.endAfter(result, 'close').then(
      () => {
        this.started = false
      },
      (error: unknown) => {
        this.started = this.isRefusal(error) && (wasStarted || this.started)
        if (!isServiceError(error, 'ALREADY_STOPPED') || error.service !== this.id) throw error
      },
    )
  }

  /** Whether a close was refused, and has yet to be done. */
  isRefusal(error: unknown): boolean {
    return isServiceError(error, 'DEADLOCK') && error.service === this.id
  }

  /** Whether what goes on in it is no part of what its owner is at. */
  set apart(apart: boolean) {
    const machine = this.node?.machine
    if (machine !== undefined) machine.apart = apart
  }

  /** Closes this one alone. */
  closeAlone(): Promise<void> {
    this.apart = true
    const hurry = new StopNode(new StopSource())
    this.hurry = hurry
    this.closing = Promise.resolve(this.close(hurry.share()))
      .then(() => {})
      .finally(() => {
        hurry.detach()
      })
    return this.closing
  }

  /** Closes it with its owner. A close of this one alone that is in flight gets the owner's deadline; whoever asked for it is told how it ends. */
  closeOnce(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    if (this.closing === undefined) return this.close(signal)
    if (signal !== undefined) this.hurry?.follow(sourceOf(signal))
    return this.closing.catch((error: unknown) => (this.isRefusal(error) ? this.close(signal) : undefined))
  }

  /** Whether its own inside knows what of it has not ended; else something around that inside hangs. */
  get knowsItself(): boolean {
    const state = this.node?.machine?.number
    return this.node?.pending !== undefined && (state === STARTING || state === STOPPING)
  }

  /** Whether to ask that inside: also where a close waits for guarded functions. */
  get tellsPending(): boolean {
    const machine = this.node?.machine
    return this.knowsItself || (machine?.number === STARTED && machine.stopAsked)
  }

  get isBusy(): boolean {
    return this.startingSince !== undefined || this.closingSince !== undefined
  }

  /** Itself, as something that has not ended. */
  asPending(): PendingWork {
    const { id, startingSince, closingSince } = this
    const kind = closingSince === undefined ? 'start' : 'close'
    const since = closingSince ?? startingSince ?? 0
    return { service: id, kind, label: kind, ageMs: performance.now() - since, startedBy: undefined }
  }

  /** A start and a close of it may both be in flight, the one behind the other. */
  private endAfter(result: PromiseLike<unknown>, what: 'start' | 'close'): Promise<unknown> {
    this.setBusy(what, performance.now())
    return Promise.resolve(result).then(
      () => {
        this.setBusy(what, undefined)
        if (what === 'start') this.started = true
      },
      (error: unknown) => {
        this.setBusy(what, undefined)
        throw error
      },
    )
  }

  private setBusy(what: 'start' | 'close', since: number | undefined): void {
    if (what === 'start') this.startingSince = since
    else this.closingSince = since
  }
}

function checkService(service: Service): void {
  checkObject(service, 'a sub-service')
  for (const method of ['name', 'start', 'close', 'readiness', 'healthReport'] as const) {
    checkFunction(service[method], `the method "${method}" of a sub-service`)
  }
}

export function notASubService(service: Service, owner: string): TypeError {
  return new TypeError(
    `Cannot close a sub-service of ${show(owner)}: expected one that it has, got ${describe(service)}`,
  )
}

function describe(service: unknown): string {
  try {
    return show((service as Service).name())
  } catch {
    return 'something else'
  }
}
