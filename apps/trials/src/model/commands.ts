import { isServiceError } from '@svc/core'
import * as fc from 'fast-check'
import { turns } from '../outcome.ts'
import { type CountedSignal, countedSignal } from '../world.ts'
import { judgeStep } from './judge.ts'
import { type Act, act, type Plan, plan, showAct, showPlan } from './plan.ts'
import type { Part, World } from './world.ts'

/** Nothing is modelled but what can be seen: the judge compares a world with itself. */
type Nothing = object
export type Command = fc.AsyncCommand<Nothing, World>

/** One step of a program, after which everything must be as it should. */
class Step implements Command {
  private readonly text: string
  private readonly act: (world: World) => void | Promise<void>

  constructor(text: string, act: (world: World) => void | Promise<void>) {
    this.text = text
    this.act = act
  }

  check(): boolean {
    return true
  }

  async run(_: Nothing, world: World): Promise<void> {
    await this.act(world)
    const faults = judgeStep(world)
    if (faults.length > 0) throw new Error(`After "${this.text}":\n${faults.join('\n')}`)
  }

  toString(): string {
    return this.text
  }
}

/** A part by a number, whatever there are. */
function pick(world: World, which: number): Part {
  return world.parts[which % world.parts.length] as Part
}

/** A call that throws what only a state may make it throw. */
function refusing(world: World, name: string, part: Part, call: () => void): void {
  const state = world.stateOf(part)
  try {
    call()
    if (['Unstarted', 'StartFailed', 'Stopped', 'StopFailed'].includes(state))
      world.faults.push(`${name} works while ${state}`)
  } catch (error) {
    if (!isServiceError(error, 'NOT_STARTED')) throw error
    if (state === 'Started' && !part.engine.signal.aborted) world.faults.push(`${name} is refused while Started`)
  }
}

function newSignal(world: World): AbortSignal {
  const signal = countedSignal()
  world.signals.push(signal)
  return signal.controller.signal
}

function newBudget(world: World): AbortSignal {
  const signal = newSignal(world)
  world.budgets.push((world.signals.at(-1) as CountedSignal).controller)
  return signal
}

const start = fc.boolean().map(
  (withSignal) =>
    new Step(`start R${withSignal ? ' with a signal' : ''}`, (world) => {
      const isFirst = world.stateOf(world.root) === 'Unstarted'
      const call = world.call('start R', () => world.root.service.start(withSignal ? newSignal(world) : undefined))
      void (isFirst ? undefined : expectRefusal(world, call, 'ALREADY_STARTED'))
    }),
)

async function expectRefusal(
  world: World,
  call: { outcome: unknown; isOver: boolean },
  code: 'ALREADY_STARTED',
): Promise<void> {
  await turns(10)
  if (!call.isOver || !isServiceError(call.outcome, code)) world.faults.push(`a second start is not refused at once`)
}

/** Always within a budget: one without may wait for ever, and rightly so. */
const close = fc.boolean().map(
  (isSpent) =>
    new Step(`close R with ${isSpent ? 'a budget that is spent' : 'a signal'}`, (world) => {
      const signal = newBudget(world)
      if (isSpent) world.signals.at(-1)?.controller.abort(new Error('spent'))
      world.call('close R', () => world.root.service.close(signal))
    }),
)

const abort = fc.nat(5).map(
  (which) =>
    new Step(`abort signal ${which}`, (world) => {
      world.signals[which % Math.max(1, world.signals.length)]?.controller.abort(new Error('aborted'))
    }),
)

const pass = fc.integer({ min: 1, max: 10 }).map((n) => new Step(`${n * 5} ms pass`, (world) => world.advance(n * 5)))
const turn = fc.integer({ min: 1, max: 9 }).map((n) => new Step(`${n} turns pass`, () => turns(n)))

const go = fc.tuple(fc.nat(20), act, fc.boolean()).map(
  ([which, it, withSignal]: [number, Act, boolean]) =>
    new Step(`a task of part ${which} ${showAct(it)}${withSignal ? ', with a signal' : ''}`, (world) => {
      const part = pick(world, which)
      const label = `t${world.runs.length}`
      const signal = withSignal ? newSignal(world) : undefined
      refusing(world, 'go', part, () => {
        part.engine.go((task) => world.perform(part, 'task', label, it, task.signal), { label, signal })
      })
    }),
)

const goTick = fc.tuple(fc.nat(20), act, fc.integer({ min: 1, max: 30 })).map(
  ([which, it, n]: [number, Act, number]) =>
    new Step(`a tick of part ${which} every ${n * 5} ms ${showAct(it)}`, (world) => {
      const part = pick(world, which)
      const label = `k${world.runs.length}`
      refusing(world, 'goTick', part, () => {
        const periodMs = n * 5
        part.engine.goTick({ periodMs, jitter: 0 }, (tick) => world.perform(part, 'tick', label, it, tick.signal), {
          label,
        })
      })
    }),
)

const come = fc.tuple(fc.nat(20), plan, fc.boolean()).map(
  ([which, it, withSignal]: [number, Plan, boolean]) =>
    new Step(`a guest comes to part ${which}${withSignal ? ' with a signal' : ''}: ${showPlan(it)}`, (world) => {
      const parent = pick(world, which)
      const guest = world.makeGuest(parent, it)
      const signal = withSignal ? newSignal(world) : undefined
      world.call(`startSubService ${guest.id}`, () => parent.engine.startSubService(guest.service, { signal }))
    }),
)

const leave = fc.nat(20).map(
  (which) =>
    new Step(`part ${which} leaves`, (world) => {
      const part = pick(world, which)
      const { parent } = part
      if (parent === undefined) return
      const isMember = parent.service.healthReport().has(part.id)
      const call = (): Promise<void> => parent.engine.closeSubService(part.service)
      world.call(`${isMember ? 'closeSubService' : 'try to close'} ${part.id}`, call)
    }),
)

const guard = fc.tuple(fc.nat(20), act, fc.boolean()).map(
  ([which, it, ifStarted]: [number, Act, boolean]) =>
    new Step(`${ifStarted ? 'ifStarted' : 'ifNotStopped'} of part ${which} ${showAct(it)}`, (world) => {
      const part = pick(world, which)
      const label = `l${world.runs.length}`
      const fn = { [label]: () => world.perform(part, 'lease', label, it, part.engine.signal) }[label] as () => void
      const before = world.runs.length
      const state = world.stateOf(part)
      const call = world.call(`${label} of ${part.id}`, () =>
        ifStarted ? part.engine.ifStarted(fn) : part.engine.ifNotStopped(fn),
      )
      call.run = world.runs[before]
      const ran = world.runs.length > before
      if (ran && (state === 'Stopping' || state === 'Stopped')) world.faults.push(`a guard runs while ${state}`)
      if (ran && ifStarted && state !== 'Started') world.faults.push(`ifStarted runs while ${state}`)
    }),
)

/** From inside what the close waits for: a task can only wait for its deadline, a guarded function is told at once. */
const suicide = fc.tuple(fc.nat(20), fc.boolean()).map(
  ([which, isTask]) =>
    new Step(`a ${isTask ? 'task' : 'guarded function'} of part ${which} closes R`, (world) => {
      const part = pick(world, which)
      const signal = newBudget(world)
      const label = `s${world.runs.length}`
      const kind = isTask ? 'task' : 'lease'
      const closeRoot = {
        [label]: () =>
          world.follow(part, kind, label, () => {
            const closing = world.root.service.close(signal)
            world.call(`close R from ${label}`, () => closing)
            return closing
          }),
      }
      const fn = closeRoot[label] as () => Promise<void>
      if (isTask) {
        refusing(world, 'go', part, () => {
          part.engine.go(() => fn().catch(() => {}), { label })
        })
        return
      }
      const isUp = world.stateOf(part) === 'Started' && world.root.service.healthReport().has(part.id)
      const call = world.call(`${label} of ${part.id}`, () => part.engine.ifStarted(fn))
      if (isUp && world.runs.at(-1)?.label === label) call.expected = 'DEADLOCK'
    }),
)

const condition = fc.tuple(fc.nat(20), fc.constantFrom('set', 'clear', 'new', 'undo', 'emit')).map(
  ([which, what]) =>
    new Step(`${what} a condition of part ${which}`, (world) => {
      const part = pick(world, which)
      const { engine, undos } = part
      const error = new Error('a condition')
      if (what === 'set') engine.setHealthCondition('key', error)
      else if (what === 'clear') engine.clearHealthCondition('key')
      else if (what === 'new') undos.push(engine.newHealthCondition(error))
      else if (what === 'undo') undos.pop()?.()
      else {
        engine.emitHealthError(error)
        const shown = part.service.healthReport().get(part.id)
        const isShown = world.stateOf(part) !== 'Started' || (shown?.message ?? '').includes('a condition')
        if (!isShown) world.faults.push(`an emitted error of ${part.id} is not shown`)
      }
    }),
)

export const programs: fc.Arbitrary<Iterable<Command>> = fc.commands(
  [
    start,
    start,
    close,
    abort,
    pass,
    pass,
    turn,
    turn,
    go,
    go,
    goTick,
    come,
    come,
    leave,
    guard,
    guard,
    suicide,
    condition,
  ],
  { size: '+1', maxCommands: 24 },
)
