import {
  errorTree,
  type PendingWork,
  type Scope,
  type Service,
  type ServiceError,
  type ServiceErrorCode,
  type ServiceState,
} from '@svc/core'
import { createServiceEngine, type Engine } from '@svc/engine'
import { createTestScope, type TestScope } from '@svc/testing'
import { vi } from 'vitest'
import { turns } from '../outcome.ts'
import { aborted, type CountedSignal } from '../world.ts'
import { type Act, PARENT_OF, type Plan, type Plans, STATIC_NAMES } from './plan.ts'

/** More turns of the microtask queue than anything takes that does not wait for a timer. */
const ALL_TURNS = 120

/** One run of something of the user's. */
export interface Run {
  readonly of: Part
  readonly kind: 'start' | 'close' | 'task' | 'tick' | 'lease'
  readonly label: string
  /** The state in which it began. */
  readonly began: ServiceState
  /** Whether it began after its service was told to stop. */
  readonly isLate: boolean
  isOver: boolean
}

/** One service, and what is known of it. */
export interface Part {
  readonly id: string
  readonly plan: Plan
  readonly service: Service
  readonly engine: Engine
  parent: Part | undefined
  /** Those that it was made with, in order. */
  readonly children: Part[]
  /** Whether it comes and goes. */
  readonly isGuest: boolean
  readonly undos: (() => void)[]
}

/** A call that gives a promise, and how it ended. */
export interface Call {
  readonly name: string
  /** What it waits for, where that is the user's affair. */
  run: Run | undefined
  /** The code that it must be refused with. */
  expected: ServiceErrorCode | undefined
  outcome: unknown
  isOver: boolean
}

/** The program as it runs: what it is made of, what it has done, and what it was given. */
export class World {
  private readonly states = new Map<string, ServiceState>()
  readonly scope: TestScope = createTestScope({
    exporters: [
      {
        observe: (event) => {
          if (event.type === 'state') this.states.set(event.scope.id, event.state)
        },
      },
    ],
  })
  readonly parts: Part[] = []
  readonly runs: Run[] = []
  readonly calls: Call[] = []
  readonly signals: CountedSignal[] = []
  /** Those that are the budget of a close. */
  readonly budgets: AbortController[] = []
  readonly root: Part
  /** What should not have happened, in the words of whoever saw it. */
  readonly faults: string[] = []
  private errors = 0

  constructor(plans: Plans) {
    vi.useFakeTimers()
    this.root = this.make('R', plans.R, this.scope, undefined, plans, false)
  }

  /** A sub-service that comes, of whatever parent. */
  makeGuest(parent: Part, plan: Plan): Part {
    return this.make(`g${this.parts.length}`, plan, parent.engine, parent, undefined, true)
  }

  private make(
    name: string,
    plan: Plan,
    scope: Scope,
    parent: Part | undefined,
    plans: Plans | undefined,
    isGuest: boolean,
  ): Part {
    const children: Part[] = []
    const below = plans === undefined ? [] : STATIC_NAMES.filter((it) => PARENT_OF[it] === name)
    const { startTimeoutMs, closeTimeoutMs, closeOrder } = plan
    const made = createServiceEngine({
      name,
      parent: scope,
      startTimeoutMs,
      closeTimeoutMs,
      closeOrder,
      // The part is there before any hook is.
      start: (_, signal) => this.perform(this.partOf(name), 'start', 'start', plan.start, signal),
      close: (_, signal) => this.perform(this.partOf(name), 'close', 'close', plan.close, signal),
      subServices: (engine) =>
        below.map((it) => {
          const child = this.make(it, (plans as Plans)[it], engine, undefined, plans, false)
          children.push(child)
          return child.service
        }),
    })
    const part: Part = { id: made.engine.id, plan, ...made, parent, children, isGuest, undos: [] }
    for (const child of children) child.parent = part
    this.parts.push(part)
    return part
  }

  /** The state that it is in, which its readiness shows only together with that of those below. */
  stateOf({ id }: Part): ServiceState {
    return this.states.get(id) ?? 'Unstarted'
  }

  private partOf(name: string): Part {
    return this.parts.find(({ id }) => id === name || id.endsWith(`.${name}`)) as Part
  }

  /** Keeps a record of a function of the user's. */
  follow(of: Part, kind: Run['kind'], label: string, fn: () => Promise<void>): Promise<void> {
    const run: Run = { of, kind, label, began: this.stateOf(of), isLate: of.engine.signal.aborted, isOver: false }
    this.runs.push(run)
    return fn().finally(() => {
      run.isOver = true
    })
  }

  /** Does what an act says, and keeps a record of it. */
  perform(of: Part, kind: Run['kind'], label: string, act: Act, signal: AbortSignal): void | Promise<void> {
    const run: Run = { of, kind, label, began: this.stateOf(of), isLate: of.engine.signal.aborted, isOver: false }
    this.runs.push(run)
    this.judgeBegin(run)
    if (act.does === 'end') {
      run.isOver = true
      return undefined
    }
    if (act.does === 'throw') {
      run.isOver = true
      throw this.failure(run)
    }
    return this.wait(run, act, signal).finally(() => {
      run.isOver = true
    })
  }

  private async wait(run: Run, act: Act, signal: AbortSignal): Promise<void> {
    switch (act.does) {
      case 'take turns':
        return turns(act.turns)
      case 'sleep':
        return sleepFor(act.ms)
      case 'reject after':
        await sleepFor(act.ms)
        throw this.failure(run)
      case 'tidy up for':
        await aborted(signal)
        return sleepFor(act.ms)
      case 'obey':
        await aborted(signal)
        throw signal.reason
      case 'hang':
        return new Promise(() => {})
      case 'end':
      case 'throw':
        return undefined
    }
  }

  private failure({ of, kind, label }: Run): Error {
    return new Error(`${kind} ${label} of ${of.id} (${++this.errors})`)
  }

  /** What must be so in the moment in which a hook is called. */
  private judgeBegin({ of, kind }: Run): void {
    if (kind !== 'start' && kind !== 'close') return
    const before = this.runs.slice(0, -1).filter((it) => it.of.id === of.id)
    const hooks = before.filter((it) => it.kind === 'start' || it.kind === 'close')
    if (hooks.some((it) => it.kind === kind)) this.faults.push(`${kind} of ${of.id} is called twice`)
    if (hooks.some((it) => !it.isOver)) this.faults.push(`${kind} of ${of.id} is called while another hook runs`)
    const state = this.stateOf(of)
    if (state !== (kind === 'start' ? 'Starting' : 'Stopping')) {
      this.faults.push(`${kind} of ${of.id} is called while it is ${state}`)
    }
    if (kind === 'start') this.judgeStart(of)
    else this.judgeClose(of, before)
  }

  private judgeStart(of: Part): void {
    for (const child of of.children) {
      const state = this.stateOf(child)
      if (state !== 'Started' && !this.hasLeft(child)) {
        this.faults.push(`start of ${of.id} is called while ${child.id} is ${state}`)
      }
    }
    const above = of.parent
    if (above === undefined || of.isGuest) return
    for (const elder of above.children.slice(0, above.children.indexOf(of))) {
      const state = this.stateOf(elder)
      if (state !== 'Started' && !this.hasLeft(elder)) {
        this.faults.push(`start of ${of.id} is called while its elder ${elder.id} is ${state}`)
      }
    }
  }

  private judgeClose(of: Part, before: readonly Run[]): void {
    if (!of.engine.signal.aborted) this.faults.push(`close of ${of.id} is called before its signal has aborted`)
    for (const child of of.children) {
      if (this.stateOf(child) === 'Stopped' && !this.hasLeft(child)) {
        this.faults.push(`close of ${of.id} is called after ${child.id} has closed`)
      }
    }
    if (this.mayBeLate(of)) return
    if (before.some(isUnendedTask)) this.faults.push(`close of ${of.id} is called while a task of it runs`)
    this.judgeCloseWithOwner(of)
  }

  /** Whoever closes with its owner waits for what that does first, and in order also for those that came after it. */
  private judgeCloseWithOwner(of: Part): void {
    const { parent } = of
    // One that has come too late is closed by its own start: nobody has ever known it.
    const isComing = this.calls.some((call) => call.name === `startSubService ${of.id}` && !call.isOver)
    if (
      parent === undefined ||
      isComing ||
      this.hasLeft(of) ||
      !['Starting', 'Stopping'].includes(this.stateOf(parent))
    )
      return
    const runs = this.runs.filter((it) => it.of.id === parent.id)
    if (runs.some((it) => isUnendedTask(it) && !it.isLate))
      this.faults.push(`close of ${of.id} is called while a task of ${parent.id} runs`)
    if (runs.some((it) => it.kind === 'close' && !it.isOver)) {
      this.faults.push(`close of ${of.id} is called before that of ${parent.id} is over`)
    }
    if (of.isGuest || (parent.plan.closeOrder === 'concurrent' && this.stateOf(parent) === 'Stopping')) return
    for (const younger of parent.children.slice(parent.children.indexOf(of) + 1)) {
      const state = this.stateOf(younger)
      if ((state === 'Started' || state === 'Stopping') && !this.hasLeft(younger)) {
        this.faults.push(`close of ${of.id} is called while ${younger.id}, which came after it, is ${state}`)
      }
    }
  }

  /** Whether a deadline may have passed, of the service or of one above it. */
  private mayBeLate(of: Part): boolean {
    if (this.signals.some(({ controller }) => controller.signal.aborted)) return true
    for (let it: Part | undefined = of; it !== undefined; it = it.parent) if (hasLimit(it.plan)) return true
    return false
  }

  /** Whether somebody has asked for it to go. */
  hasLeft(part: Part): boolean {
    return this.calls.some((call) => call.name === `closeSubService ${part.id}`)
  }

  /** Keeps a call, and looks that it is the promise that was promised. */
  call(name: string, make: () => Promise<unknown>): Call {
    const call: Call = { name, run: undefined, expected: undefined, outcome: undefined, isOver: false }
    this.calls.push(call)
    try {
      make().then(
        (value) => {
          call.isOver = true
          call.outcome = value
        },
        (error: unknown) => {
          call.isOver = true
          call.outcome = error
        },
      )
    } catch (error) {
      this.faults.push(`${name} throws instead of rejecting: ${String(error)}`)
      call.isOver = true
    }
    return call
  }

  /** Everything that an error has said had not ended. */
  named(): PendingWork[] {
    return this.calls.flatMap(({ outcome }) =>
      [...errorTree(outcome)].flatMap((it) => (it as ServiceError).pending ?? []),
    )
  }

  /** Lets time pass, and after each moment of it all that it brings about. */
  async advance(ms: number, step = 5): Promise<void> {
    await turns(ALL_TURNS)
    for (let at = 0; at < ms; at += step) {
      vi.advanceTimersByTime(step)
      await turns(ALL_TURNS)
    }
  }

  dispose(): void {
    vi.useRealTimers()
  }
}

const isUnendedTask = (run: Run): boolean => run.kind === 'task' && !run.isOver

function hasLimit({ startTimeoutMs, closeTimeoutMs }: Plan): boolean {
  return startTimeoutMs !== undefined || closeTimeoutMs !== undefined
}

function sleepFor(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
