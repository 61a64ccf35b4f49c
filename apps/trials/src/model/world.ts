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
import type { CountedSignal } from '../world.ts'
import { performAct } from './acts.ts'
import { judgeHook } from './judge-hook.ts'
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
    if (kind === 'start' || kind === 'close') this.faults.push(...judgeHook(this, of, kind))
    if (act.does === 'end') {
      run.isOver = true
      return undefined
    }
    if (act.does === 'throw') {
      run.isOver = true
      throw this.failure(run)
    }
    const wait = async (): Promise<void> => {
      await performAct(act, signal)
      if (act.does === 'reject after') throw this.failure(run)
    }
    return wait().finally(() => {
      run.isOver = true
    })
  }

  private failure({ of, kind, label }: Run): Error {
    return new Error(`${kind} ${label} of ${of.id} (${++this.errors})`)
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
