import type { Plan } from './plan.ts'
import type { Part, Run, World } from './world.ts'

/** What must be so in the moment in which a hook is called, the run of it being the last of the world's. */
export function judgeHook(world: World, of: Part, kind: 'start' | 'close'): string[] {
  const before = world.runs.slice(0, -1).filter((it) => it.of.id === of.id)
  const hooks = before.filter((it) => it.kind === 'start' || it.kind === 'close')
  const state = world.stateOf(of)
  const faults: string[] = []
  if (hooks.some((it) => it.kind === kind)) faults.push('twice')
  if (hooks.some((it) => !it.isOver)) faults.push('while another hook of it runs')
  if (state !== (kind === 'start' ? 'Starting' : 'Stopping')) faults.push(`while it is ${state}`)
  faults.push(...(kind === 'start' ? judgeStart(world, of) : judgeClose(world, of, before)))
  return faults.map((fault) => `${kind} of ${of.id} is called ${fault}`)
}

function judgeStart(world: World, of: Part): string[] {
  const elders = of.isGuest ? [] : (of.parent?.children.slice(0, of.parent.children.indexOf(of)) ?? [])
  return [...of.children, ...elders].flatMap((part) => {
    const state = world.stateOf(part)
    return state === 'Started' || world.hasLeft(part) ? [] : [`while ${part.id} is ${state}`]
  })
}

function judgeClose(world: World, of: Part, before: readonly Run[]): string[] {
  const faults = of.engine.signal.aborted ? [] : ['before its signal has aborted']
  for (const child of of.children) {
    if (world.stateOf(child) === 'Stopped' && !world.hasLeft(child)) faults.push(`after ${child.id} has closed`)
  }
  if (mayBeLate(world, of)) return faults
  if (before.some(isUnendedTask)) faults.push('while a task of it runs')
  return [...faults, ...judgeCloseWithOwner(world, of)]
}

/** Whoever closes with its owner waits for what that does first, and in order also for those that came after it. */
function judgeCloseWithOwner(world: World, of: Part): string[] {
  const { parent } = of
  if (parent === undefined || closesAlone(world, of)) return []
  const state = world.stateOf(parent)
  if (state !== 'Starting' && state !== 'Stopping') return []
  const faults: string[] = []
  const runs = world.runs.filter((it) => it.of.id === parent.id)
  if (runs.some((it) => isUnendedTask(it) && !it.isLate)) faults.push(`while a task of ${parent.id} runs`)
  if (runs.some((it) => it.kind === 'close' && !it.isOver)) faults.push(`before that of ${parent.id} is over`)
  if (of.isGuest || (parent.plan.closeOrder === 'concurrent' && state === 'Stopping')) return faults
  for (const younger of parent.children.slice(parent.children.indexOf(of) + 1)) {
    const isOpen = ['Started', 'Stopping'].includes(world.stateOf(younger))
    if (isOpen && !world.hasLeft(younger)) faults.push(`while ${younger.id}, which came after it, is open`)
  }
  return faults
}

/** Somebody has asked for it to go; or it has come too late, and is closed by its own start. */
function closesAlone(world: World, of: Part): boolean {
  return world.hasLeft(of) || world.calls.some((call) => call.name === `startSubService ${of.id}` && !call.isOver)
}

/** Whether a deadline may have passed, of the service or of one above it. */
function mayBeLate(world: World, of: Part): boolean {
  if (world.signals.some(({ controller }) => controller.signal.aborted)) return true
  for (let it: Part | undefined = of; it !== undefined; it = it.parent) if (hasLimit(it.plan)) return true
  return false
}

const isUnendedTask = (run: Run): boolean => run.kind === 'task' && !run.isOver

function hasLimit({ startTimeoutMs, closeTimeoutMs }: Plan): boolean {
  return startTimeoutMs !== undefined || closeTimeoutMs !== undefined
}
