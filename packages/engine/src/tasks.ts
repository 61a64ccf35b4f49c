import { type Awaitable, isCancellation, type Operation, type PendingWork, toError } from '@svc/core'
import { activate, beginOperation, detectsSelfClose, endOperation, isThenable, tracesTasks } from '@svc/core/internal'
import { type Insides, insidesOf } from '@svc/statemachine/internal'
import type { StopContext } from '@svc/stopchan'
import { type Link, Ring, StopNode, type StopSource } from '@svc/stopchan/internal'
import type { TaskOptions } from './engine.ts'
import type { ServiceEngine } from './service-engine.ts'
import { labelOf } from './task-options.ts'

/** One task: its own context, and its own member of the list of those that have not ended. */
export class Task extends StopNode {
  readonly kind: 'task' | 'tick'
  readonly label: string
  /** When it began, or its tick in progress did; the clock is `performance.now()`. */
  since: number = performance.now()
  readonly startedBy: string | undefined
  protected readonly tasks: Tasks
  private settled = false

  constructor(tasks: Tasks, source: StopSource, kind: 'task' | 'tick', label: string, startedBy: string | undefined) {
    super(source)
    this.tasks = tasks
    this.kind = kind
    this.label = label
    this.startedBy = startedBy
  }

  settle(): void {
    this.settled = true
    this[Symbol.dispose]()
    this.unlink()
  }

  /** A task whose context has ended has not ended itself: it moves to a ring of its own, so that a deadline can name it. */
  protected override leave(): void {
    this.unlink()
    if (!this.settled) this.tasks.ending.append(this)
  }
}

/** The tasks of one service. */
export class Tasks {
  readonly ending: Ring = new Ring()
  readonly engine: ServiceEngine
  private count = 0
  private waiter: PromiseWithResolvers<void> | undefined = undefined

  private readonly traced: boolean
  /** Knows from inside which task a call comes, where the root scope asks for it. */
  private readonly insides: Insides | undefined

  constructor(engine: ServiceEngine) {
    this.engine = engine
    this.traced = tracesTasks(engine)
    this.insides = detectsSelfClose(engine) ? insidesOf(engine) : undefined
  }

  get size(): number {
    return this.count
  }

  /** A promise of the end of all, or `undefined` when there is none. */
  ended(): Promise<void> | undefined {
    if (this.count === 0) return undefined
    return (this.waiter ??= Promise.withResolvers<void>()).promise
  }

  go(fn: (task: StopContext) => Awaitable<void>, options: TaskOptions | undefined): void {
    const label = labelOf(options, fn, 'task')
    const task = this.add('task', label)
    if (options?.signal !== undefined) this.engine.chan.limited(task, { signal: options.signal })
    this.run(
      () => fn(task),
      'task',
      label,
      task,
      (failure) => {
        this.remove(task)
        if (failure !== null) this.hold('task', label, failure)
      },
    )
  }

  fail(kind: 'task' | 'tick', label: string, error: unknown): void {
    const failure = toError(error)
    this.hold(kind, label, failure)
    this.logFailure(kind, label, failure)
  }

  /** A failure stays as a health condition. */
  hold(kind: 'task' | 'tick', label: string, failure: Error): void {
    this.engine.conditions.set(`${kind} ${label}`, failure)
  }

  private logFailure(kind: 'task' | 'tick', label: string, failure: Error): void {
    const { engine } = this
    const state = engine.machine.state()
    engine.logger.error({ state, [kind]: label, err: failure }, kind === 'task' ? 'Task failed' : 'Tick failed')
  }

  /** Begins to track a task. */
  add(kind: 'task' | 'tick', label: string): Task {
    return this.track(new Task(this, this.engine.chan.origin, kind, label, this.caller()))
  }

  track<T extends Task>(task: T): T {
    const { origin } = this.engine.chan
    this.count++
    if (origin.isStopped) this.ending.append(task)
    else origin.link(task)
    return task
  }

  /** Where the task now made was started, where the root scope asks for it. */
  caller(): string | undefined {
    return this.traced ? startedBy() : undefined
  }

  remove(task: Task): void {
    task.settle()
    this.count--
    if (this.count > 0) return
    this.waiter?.resolve()
    this.waiter = undefined
  }

  pending(service: string, into: (work: PendingWork) => void): void {
    if (this.count === 0) return
    const at = performance.now()
    const tell = (link: Link): void => {
      if (!(link instanceof Task)) return
      const { kind, label, since, startedBy } = link
      into({ service, kind, label, ageMs: at - since, startedBy })
    }
    this.engine.chan.origin.forEach(tell)
    this.ending.forEach(tell)
  }

  /** Runs a function of the user's in a context, as an operation when somebody watches. `ended` is told once, at the end. */
  run(
    fn: () => Awaitable<void>,
    kind: 'task' | 'tick',
    label: string,
    context: StopNode,
    ended: (failure: Error | null) => void,
    lateMs?: number,
  ): void {
    const { engine, insides } = this
    const operation = beginOperation(engine, kind, label, undefined, engine.machine.origin, lateMs)
    const inside = insides?.enter(engine.machine)
    const end = (error: unknown): void => {
      if (inside !== undefined) insides?.leave(inside)
      const cancelled = error !== undefined && context.hasEnded && isCancellation(error, context.signal)
      const failure = error === undefined || cancelled ? null : toError(error)
      // As a part of it, so that a logger that asks for the trace is not told that of the start that the task was begun in.
      if (failure !== null) {
        inContext(engine.enclose, operation, () => {
          this.logFailure(kind, label, failure)
        })
      }
      endOperation(operation, failure)
      ended(failure)
    }
    const call = inside === undefined ? fn : (): Awaitable<void> => (insides as Insides).run(inside, fn)
    let result: Awaitable<void>
    let pending: boolean
    try {
      result = inContext(engine.enclose, operation, call)
      pending = isThenable(result)
    } catch (error) {
      end(known(error))
      return
    }
    if (!pending) end(undefined)
    else {
      Promise.resolve(result).then(
        () => {
          end(undefined)
        },
        (error: unknown) => {
          end(known(error))
        },
      )
    }
  }
}

/** A failure is never `undefined`, whatever was thrown. */
function known(error: unknown): unknown {
  return error ?? new Error(`Failed with ${String(error)}`)
}

/** The line of the caller of `go`, below the frames of this package. */
function startedBy(): string | undefined {
  const lines = (new Error('Task started').stack ?? '').split('\n').slice(1)
  return lines.find((line) => !OWN_FRAME.test(line))?.trim()
}

const OWN_FRAME = /\bTasks\.|\bServiceEngine\.|\bFamily\.|\bstartedBy\b/

/** Calls a function in the context in which its scope was made. */
export type Enclose = <T>(fn: () => T) => T

function inContext<T>(enclose: Enclose | undefined, operation: Operation | undefined, fn: () => T): T {
  if (enclose === undefined && operation === undefined) return fn()
  return enclose === undefined ? activate(operation, fn) : enclose(() => activate(operation, fn))
}
