import { isServiceError, type ServiceState } from '@svc/core'
import { vi } from 'vitest'
import type { Call, Part, Run, World } from './world.ts'

/** Where each state may lead. */
const NEXT: Readonly<Record<ServiceState, readonly ServiceState[]>> = {
  Unstarted: ['Starting'],
  Starting: ['Started', 'StartFailed'],
  Started: ['Stopping'],
  Stopping: ['Stopped', 'StopFailed'],
  StartFailed: [],
  Stopped: [],
  StopFailed: [],
}

const isOpen = (world: World, part: Part): boolean => ['Starting', 'Started', 'Stopping'].includes(world.stateOf(part))

/** What must be so after each step of a program. */
export function judgeStep(world: World): readonly string[] {
  const faults = [...world.faults]
  const report = world.root.service.healthReport()
  for (const part of world.parts) {
    const state = world.stateOf(part)
    const owner = part.parent
    if (owner === undefined) continue
    const above = world.stateOf(owner)
    if (above === 'Stopped' && isOpen(world, part) && stays(world, part)) {
      faults.push(`${part.id} is ${state} under ${owner.id}, which is Stopped`)
    }
    if (above === 'Started' && state !== 'Started' && stays(world, part)) {
      faults.push(`${part.id} is ${state} under ${owner.id}, which is Started`)
    }
    if (stays(world, part) && !report.has(part.id)) faults.push(`${part.id} is not in the report`)
  }
  for (const call of world.calls) {
    const [verb, id = ''] = call.name.split(' ')
    if (hasGone(verb, call) && report.has(id) && !isClosedByOwner(world, id))
      faults.push(`${id} is in the report after it has gone`)
  }
  if ((world.root.service.readiness() === null) !== treeIsReady(world, world.root)) {
    faults.push('readiness is not that of the tree')
  }
  return [...faults, ...judgeStates(world)]
}

/** Whether a call has made a sub-service leave: a close that was not refused, or a start that failed. */
function hasGone(verb: string | undefined, { isOver, outcome }: Call): boolean {
  const isRefused = isServiceError(outcome, 'NOT_STARTED') || isServiceError(outcome, 'DEADLOCK')
  if (!isOver) return false
  return verb === 'closeSubService' ? !isRefused : verb === 'startSubService' && outcome instanceof Error
}

/** Whether an owner that was out of time has closed it beside its start, and kept it. */
function isClosedByOwner(world: World, id: string): boolean {
  const owner = world.parts.find((part) => part.id === id)?.parent
  return owner !== undefined && ['Stopping', 'StopFailed'].includes(world.stateOf(owner))
}

/** Whether nobody has ever asked for it to go, nor for one above it. */
function stays(world: World, part: Part): boolean {
  for (let it: Part | undefined = part; it !== undefined; it = it.parent) {
    if (it.isGuest || world.hasLeft(it)) return false
  }
  return true
}

function treeIsReady(world: World, part: Part): boolean {
  const members = world.root.service.healthReport()
  return world.parts.every((it) => !members.has(it.id) || !it.id.startsWith(part.id) || world.stateOf(it) === 'Started')
}

function judgeStates(world: World): string[] {
  const last = new Map<string, ServiceState>()
  return world.scope.events.flatMap((event) => {
    if (event.type !== 'state') return []
    const before = last.get(event.scope.id) ?? 'Unstarted'
    last.set(event.scope.id, event.state)
    const isLegal = event.previous === before && NEXT[before].includes(event.state)
    return isLegal ? [] : [`${event.scope.id} goes from ${before} (told as ${event.previous}) to ${event.state}`]
  })
}

/** What must be so when the root has ended and nothing is left to come. */
export function judgeEnd(world: World): readonly string[] {
  const faults = [...judgeStep(world)]
  for (const call of world.calls) {
    if (call.expected !== undefined && !isServiceError(call.outcome, call.expected)) {
      faults.push(`${call.name} is not refused with ${call.expected}`)
    }
    if (!call.isOver && call.run?.isOver !== false && !waitsForGuard(world, call))
      faults.push(`${call.name} has not ended`)
  }
  for (const part of world.parts) {
    if (isOpen(world, part)) faults.push(`${part.id} is ${world.stateOf(part)} at the end`)
  }
  const named = world.named()
  const left = world.runs.filter((run) => !run.isOver)
  for (const run of left)
    if (!isNamed(world, run, named)) faults.push(`${show(run)} still runs, and nobody has named it`)
  if (vi.getTimerCount() > 0) faults.push(`${vi.getTimerCount()} timers are left`)
  for (const [at, signal] of world.signals.entries()) {
    if (signal.listeners() > 0) faults.push(`${signal.listeners()} listeners are left on signal ${at}`)
  }
  if (left.length === 0) {
    try {
      world.scope.assertNothingLeaked()
    } catch (error) {
      faults.push(String(error))
    }
  }
  return faults
}

/** A close of a sub-service that has left by a failed start waits for its guarded functions alone, without a deadline. */
function waitsForGuard(world: World, { name }: Call): boolean {
  return world.runs.some((run) => run.kind === 'lease' && !run.isOver && name === `closeSubService ${run.of.id}`)
}

/** Whether an error has told of it. A guarded function that holds no stop back is nobody's business. */
function isNamed(world: World, { of, kind, label, began }: Run, named: ReturnType<World['named']>): boolean {
  const isHeldBack = ['Stopped', 'StopFailed'].includes(world.stateOf(of)) && began !== 'StopFailed'
  if (kind === 'lease' && !isHeldBack) return true
  return named.some((it) => it.service === of.id && it.kind === kind && it.label === label)
}

function show({ of, kind, label }: Run): string {
  return `${kind} ${label} of ${of.id}`
}
