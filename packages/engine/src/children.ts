import { type HealthNode, isServiceError, nodeOf, type PendingWork, type Service } from '@svc/core'
import { checkFunction, checkName, checkObject, isThenable, show } from '@svc/core/internal'
import { DONE, type Machine, STARTING, STOPPED, STOPPING } from '@svc/statemachine/internal'
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
  started = false
  /** A close of this one alone, in flight. */
  closing: Promise<void> | undefined = undefined
  private busy: 'start' | 'close' | undefined = undefined
  private since = 0

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

  get hasStopped(): boolean {
    return this.node?.machine?.number === STOPPED
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
    const result: unknown = this.service.start(signal)
    if (result !== DONE && isThenable(result)) return this.endAfter(result, 'start')
    this.started = true
    return undefined
  }

  /** Closes it; `undefined` when it has ended at once. That it has stopped already is no failure. */
  close(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    let result: unknown
    try {
      result = this.service.close(signal)
    } catch (error) {
      return Promise.reject(error)
    }
    if (result === DONE || !isThenable(result)) return undefined
    return this.endAfter(result, 'close').catch((error: unknown) => {
      if (!isServiceError(error, 'ALREADY_STOPPED') || error.service !== this.id) throw error
    })
  }

  /** The same, unless a close of this one alone is in flight: whoever asked for that one is told how it ends. */
  closeOnce(signal: AbortSignal | undefined): Promise<unknown> | undefined {
    return this.closing === undefined ? this.close(signal) : this.closing.catch(() => {})
  }

  /** Whether its own inside knows what of it has not ended; else something around that inside hangs. */
  get knowsItself(): boolean {
    const state = this.node?.machine?.number
    return this.node?.pending !== undefined && (state === STARTING || state === STOPPING)
  }

  get isBusy(): boolean {
    return this.busy !== undefined
  }

  /** Itself, as something that has not ended. */
  asPending(): PendingWork {
    const { busy = 'close', id, since } = this
    return { service: id, kind: busy, label: busy, ageMs: performance.now() - since, startedBy: undefined }
  }

  private endAfter(result: PromiseLike<unknown>, what: 'start' | 'close'): Promise<unknown> {
    this.busy = what
    this.since = performance.now()
    return Promise.resolve(result).then(
      () => {
        this.busy = undefined
        if (what === 'start') this.started = true
      },
      (error: unknown) => {
        this.busy = undefined
        throw error
      },
    )
  }
}

function checkService(service: Service): void {
  checkObject(service, 'a sub-service')
  for (const method of ['name', 'start', 'close', 'readiness', 'healthReport'] as const) {
    checkFunction(service[method], `the method "${method}" of a sub-service`)
  }
}

export function notASubService(service: Service, owner: string): TypeError {
  return new TypeError(`Cannot close a sub-service of ${show(owner)}: ${describe(service)} is none of them`)
}

function describe(service: unknown): string {
  try {
    return show((service as Service).name())
  } catch {
    return 'what was given'
  }
}
