import { type Service, toError } from '@svc/core'
import { checkObject, checkSignal, show } from '@svc/core/internal'
import { DONE, STARTING } from '@svc/statemachine/internal'
import { Child, notASubService, type OwnedNode } from './children.ts'
import type { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'

/** The sub-services of one service, in the order in which they were adopted. */
export class Family {
  readonly children: Child[] = []
  private readonly engine: ServiceEngine
  private readonly names = new Set<string>()
  /** What a close of the owner that has run out of time says had not ended. */
  unended: PendingList | undefined = undefined

  constructor(engine: ServiceEngine) {
    this.engine = engine
  }

  /** Takes all or none. */
  adoptAll(services: readonly Service[]): void {
    if (!Array.isArray(services)) {
      throw new TypeError(
        `Cannot make ${show(this.engine.id)}: expected "subServices" to give an array of services, got ${show(services)}`,
      )
    }
    try {
      for (const service of services as readonly Service[]) this.adopt(new Child(service))
    } catch (error) {
      for (const child of this.children.splice(0)) child.node?.adopt(null)
      throw error
    }
  }

  /** Starts one that comes while its parent runs. */
  async start<S extends Service>(
    service: S,
    options: { readonly signal?: AbortSignal | undefined } | undefined,
  ): Promise<S> {
    checkStartOptions(options)
    const { engine } = this
    this.assertOpen()
    const child = new Child(service)
    this.adopt(child)
    child.apart = true
    const task = engine.tasks.add('task', `start ${child.id}`)
    if (options?.signal !== undefined) engine.chan.limited(task, { signal: options.signal })
    try {
      await this.begin(child, task.share())
      if (this.isOpen()) return service
      // A stop has been asked for in the meantime: its caller will never hear of it, so nobody else need know it.
      if (child.started && child.closing === undefined) await this.closeOne(child)
      throw engine.notStarted()
    } finally {
      child.apart = child.closing !== undefined
      engine.tasks.remove(task)
    }
  }

  private async begin(child: Child, signal: AbortSignal): Promise<void> {
    try {
      await child.start(signal)
    } catch (error) {
      this.remove(child)
      throw error
    }
  }

  /** Closes one while its parent runs; a second call gets the close in flight. */
  async close(service: Service): Promise<void> {
    checkObject(service, 'the sub-service')
    const child = this.children.find((it) => it.is(service))
    if (child === undefined) throw notASubService(service, this.engine.id)
    if (child.closing !== undefined) return child.closing
    this.assertOpen()
    return this.closeOne(child)
  }

  /** Those that a close of the owner has something to do for. */
  get open(): readonly Child[] {
    return this.children.filter((child) => child.isOpen)
  }

  /** Begins to close all that are open, at once; what ends at once leaves nothing to wait for. Errors come in order of adoption. */
  closeAll(children: readonly Child[], errors: (Error | null)[]): Promise<void> | undefined {
    const signal = this.engine.signalBelow
    const { promise, resolve } = Promise.withResolvers<void>()
    let open = 0
    const begin = (child: Child, at: number): void => {
      const closed = child.needsNewStack ? DONE.then(() => child.closeOnce(signal)) : child.closeOnce(signal)
      if (closed === undefined) return
      open++
      const end = (): void => {
        if (--open === 0) resolve()
      }
      closed.then(end, (error: unknown) => {
        errors[at] = toError(error)
        end()
      })
    }
    // The last one first and then in order: so Go's scheduler runs goroutines that were made in a loop.
    const last = children.length - 1
    begin(children[last] as Child, last)
    for (let at = 0; at < last; at++) begin(children[at] as Child, at)
    return open === 0 ? undefined : promise
  }

  private async closeOne(child: Child): Promise<void> {
    try {
      await child.closeAlone()
    } catch (error) {
      child.apart = false
      if (child.isRefusal(error)) child.closing = undefined
      else this.remove(child)
      throw error
    }
    this.remove(child)
  }

  private adopt(child: Child): void {
    const { engine } = this
    if (this.names.has(child.keyUnder(engine))) {
      throw new TypeError(
        `Cannot make ${show(child.id)} a sub-service of ${show(engine.id)}: it has one of that name already`,
      )
    }
    child.node?.adopt(engine)
    this.children.push(child)
    this.names.add(child.keyUnder(engine))
    raise(engine, child.height + 1)
    engine.touch()
  }

  private remove(child: Child): void {
    const at = this.children.indexOf(child)
    if (at < 0) return
    this.children.splice(at, 1)
    child.gone = true
    this.names.delete(child.keyUnder(this.engine))
    child.node?.adopt(null)
    child.node?.removed?.()
    this.engine.touch()
  }

  private isOpen(): boolean {
    const { machine, halted } = this.engine
    return (machine.number === STARTING || machine.isUp) && !halted
  }

  private assertOpen(): void {
    if (!this.isOpen()) throw this.engine.notStarted()
  }
}

/** A tree may also grow at its bottom while it runs. */
function raise(engine: ServiceEngine, height: number): void {
  let above: ServiceEngine | undefined = engine
  for (let levels = height; above !== undefined && above.height < levels; levels++) {
    above.height = levels
    const owner: OwnedNode | undefined = above.owner
    above = owner?.engine
  }
}

function checkStartOptions(options: { readonly signal?: AbortSignal | undefined } | undefined): void {
  if (options === undefined) return
  checkObject(options, 'the options')
  checkSignal(options.signal, 'option "signal"')
}
