import { joinErrors, toError } from '@svc/core'
import { beginOperation, endOperation } from '@svc/core/internal'
import { DONE } from '@svc/statemachine/internal'
import { STOP_REASON } from '@svc/stopchan/internal'
import type { Child } from './children.ts'
import { deadlineError } from './deadline.ts'
import { callHook } from './hooks.ts'
import { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { type Steps, type Wait, within } from './within.ts'

/**
 * The close of a service: stop, tasks, own hook, sub-services. Every step runs even when one fails; once the budget has
 * ended every step left is begun and none is awaited. All failures come joined, the own ones first.
 */
export function* closeSteps(engine: ServiceEngine): Steps {
  const { logger, config } = engine
  const pending = new PendingList()
  const own: (Error | null)[] = []
  logger.info({ state: 'Stopping' }, 'Closing')
  if (isLate(engine)) engine.pending(pending.note)
  engine.chan.close(STOP_REASON)
  yield* endTasks(engine, pending)
  const { close } = config
  if (close !== undefined) {
    try {
      const work = callHook(engine, 'close', close)
      if (work !== undefined) yield within(engine.transition, work, noting(engine, pending))
    } catch (error) {
      own.push(toError(error))
    }
    engine.hook = undefined
    yield* endTasks(engine, pending)
  }
  const below = yield* closeChildren(engine, pending)
  yield* endTasks(engine, pending)
  if (!pending.isEmpty) own.push(deadlineError('close', engine.id, pending.list(), engine.transition?.reason))
  const error = joinErrors([...own, ...below])
  logger.info({ state: error === null ? 'Stopped' : 'StopFailed' }, 'Closed')
  if (error !== null) throw error
}

function isLate(engine: ServiceEngine): boolean {
  return engine.transition?.hasEnded === true
}

function noting(engine: ServiceEngine, pending: PendingList): () => void {
  return () => {
    engine.pending(pending.note)
  }
}

/** Tasks may start tasks, so each step that lets code run is followed by a wait for those it started. */
function* endTasks(engine: ServiceEngine, pending: PendingList): Steps {
  const ended = engine.knownTasks?.ended()
  if (ended === undefined) return
  const { machine, name } = engine
  const operation = beginOperation(engine, 'wait', name, machine.operation, machine.origin)
  const inTime = yield within(engine.transition, ended, noting(engine, pending))
  endOperation(operation, inTime ? null : deadlineError('close', engine.id, pending.list(), engine.transition?.reason))
}

function* closeChildren(engine: ServiceEngine, pending: PendingList): Wait<(Error | null)[]> {
  const { family, config, logger } = engine
  const open = (family?.children ?? []).filter((child) => child.started && !child.hasStopped)
  if (family === undefined || open.length === 0) return []
  logger.info({ state: 'Stopping' }, `Closing ${open.length} sub-services`)
  if (config.closeOrder === 'reverse') return yield* closeInReverse(engine, open, pending)
  const errors: (Error | null)[] = []
  const closed = family.closeAll(open, engine.transition, errors)
  if (closed !== undefined) yield within(engine.transition, closed, noting(engine, pending))
  return errors
}

/** Nothing closes before its dependents. */
function* closeInReverse(engine: ServiceEngine, open: Child[], pending: PendingList): Wait<(Error | null)[]> {
  const errors: (Error | null)[] = []
  for (const child of open.toReversed()) {
    if (child.needsNewStack && !isLate(engine)) yield within(undefined, DONE)
    try {
      const closed = child.closeOnce(engine.transition?.share())
      if (closed !== undefined) yield within(engine.transition, closed, noting(engine, pending))
    } catch (error) {
      errors.push(toError(error))
    }
  }
  return errors
}
