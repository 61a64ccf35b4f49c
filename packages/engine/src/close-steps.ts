import { joinErrors, toError } from '@svc/core'
import { beginOperation, endOperation } from '@svc/core/internal'
import { DONE } from '@svc/statemachine/internal'
import type { Child } from './children.ts'
import { deadlineError } from './deadline.ts'
import { begin, type Begun, callHook } from './hooks.ts'
import { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { handUp, noteUnended, settle } from './settle.ts'
import { drive, type Steps, type Wait, within } from './within.ts'

/**
 * Closes a service: stop, tasks, own hook, sub-services. Every step runs even when one fails; once the budget has ended
 * every step left is begun and none is awaited. All failures come joined, the own ones first. A service that has neither
 * tasks nor sub-services, and whose hook ends at once, needs no more than this function.
 */
export function closeService(engine: ServiceEngine): Promise<void> | undefined {
  engine.log('Stopping', 'Closing')
  const isSimple = !engine.isLate && !engine.isBusy && engine.family === undefined
  if (!isSimple) return drive(closeSteps(engine, undefined))
  engine.halt()
  // Whoever hears of the stop may have started a task.
  if (engine.isBusy) return drive(closeSteps(engine, undefined))
  const begun = beginHook(engine)
  if (begun !== undefined || engine.isBusy) return drive(closeSteps(engine, begun ?? ENDED_WELL))
  engine.log('Stopped', 'Closed')
  return undefined
}

const ENDED_WELL: Begun = Object.freeze({ child: undefined, work: undefined, thrown: undefined })

function beginHook(engine: ServiceEngine): Begun | undefined {
  const { close } = engine.config
  return close === undefined ? undefined : begin(undefined, () => callHook(engine, 'close', close))
}

/** The rest of a close, from its beginning, or from an own hook that has begun. */
function* closeSteps(engine: ServiceEngine, begun: Begun | undefined): Steps {
  const pending = new PendingList()
  const own: (Error | null)[] = []
  if (engine.isLate) noteUnended(engine, pending)
  engine.halt()
  if (begun === undefined) yield* endTasks(engine, pending)
  const { work, thrown } = begun ?? beginHook(engine) ?? ENDED_WELL
  try {
    if (thrown !== undefined) throw thrown.error
    if (work !== undefined) yield within(engine.transition, work, noting(engine, pending))
  } catch (error) {
    own.push(toError(error))
  }
  engine.hook = undefined
  yield* endTasks(engine, pending)
  const below = yield* closeChildren(engine, pending)
  yield* endTasks(engine, pending)
  yield* settle(engine, pending)
  if (!pending.isEmpty) own.push(deadlineError('close', engine.id, pending.list(), engine.transition?.reason))
  const error = joinErrors([...own, ...below])
  engine.log(error === null ? 'Stopped' : 'StopFailed', 'Closed')
  if (error === null) return
  handUp(engine, error)
  throw error
}

function noting(engine: ServiceEngine, pending: PendingList): () => void {
  return () => {
    noteUnended(engine, pending)
  }
}

/** Tasks may start tasks, so each step that lets code run is followed by a wait for those it started, as is each wait. */
function* endTasks(engine: ServiceEngine, pending: PendingList): Steps {
  const { machine, name } = engine
  let ended = engine.knownTasks?.ended()
  while (ended !== undefined) {
    const operation = beginOperation(engine, 'wait', name, machine.operation, machine.origin)
    const inTime = yield within(engine.transition, ended, noting(engine, pending))
    const late = inTime ? null : deadlineError('close', engine.id, pending.list(), engine.transition?.reason)
    endOperation(operation, late)
    if (!inTime) return
    ended = engine.knownTasks?.ended()
  }
}

function* closeChildren(engine: ServiceEngine, pending: PendingList): Wait<(Error | null)[]> {
  const { family, config } = engine
  const open = family?.open ?? []
  if (family === undefined || open.length === 0) return []
  engine.log('Stopping', `Closing ${open.length} sub-services`)
  if (config.closeOrder === 'reverse') return yield* closeInReverse(engine, open, pending)
  const errors: (Error | null)[] = []
  const closed = family.closeAll(open, errors)
  if (closed !== undefined) yield within(engine.transition, closed, noting(engine, pending))
  // As they are now: what fails past the deadline is nobody's any more.
  return [...errors]
}

/** Nothing closes before its dependents. */
function* closeInReverse(engine: ServiceEngine, open: readonly Child[], pending: PendingList): Wait<(Error | null)[]> {
  const errors: (Error | null)[] = []
  for (const child of open.toReversed()) {
    if (child.needsNewStack && !engine.isLate) yield within(undefined, DONE)
    try {
      const closed = child.closeOnce(engine.signalBelow)
      if (closed !== undefined) yield within(engine.transition, closed, noting(engine, pending))
    } catch (error) {
      errors.push(toError(error))
    }
  }
  return errors
}
