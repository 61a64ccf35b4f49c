import { isCancellation, joinErrors, ServiceError, toError } from '@svc/core'
import { show } from '@svc/core/internal'
import { DONE } from '@svc/statemachine/internal'
import { StopNode, StopSource } from '@svc/stopchan/internal'
import type { Child } from './children.ts'
import { deadlineError, ranOut } from './deadline.ts'
import { callHook } from './hooks.ts'
import { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { type Unfinished, unwind } from './unwind.ts'
import { type Steps, type Wait, within } from './within.ts'

/** What ended a start: an error, or the end of its budget while something was still going on. */
interface Failure {
  readonly thrown: { readonly error: unknown } | undefined
  readonly during: Child | undefined
  readonly unfinished: Unfinished | undefined
}

/**
 * The start of a service, a transaction: its sub-services in order, then its own hook. What fails, is aborted, or runs
 * out of time is unwound, and the error is the original first, then whatever the unwinding added.
 */
export function* startSteps(engine: ServiceEngine): Steps {
  const { logger, config } = engine
  const pending = new PendingList()
  if (engine.transition?.hasEnded === true) throw toError(engine.transition.reason)
  logger.info({ state: 'Starting' }, 'Starting')
  const children = engine.family === undefined ? [] : [...engine.family.children]
  if (children.length > 0) logger.info({ state: 'Starting' }, `Starting ${children.length} sub-services`)
  for (const child of children) {
    if (child.needsNewStack) yield within(undefined, DONE)
    const failure = yield* attempt(engine, child, pending, () => child.start(engine.transition?.share()))
    if (failure !== undefined) throw yield* fail(engine, failure, pending)
  }
  const { start } = config
  if (start !== undefined) {
    const failure = yield* attempt(engine, undefined, pending, () => callHook(engine, 'start', start))
    if (failure !== undefined) throw yield* fail(engine, failure, pending)
  }
  logger.info({ state: 'Started' }, 'Started')
}

/** One step of a start. An abort that comes during it fails the start, even if the step itself ends well. */
function* attempt(
  engine: ServiceEngine,
  child: Child | undefined,
  pending: PendingList,
  begin: () => PromiseLike<unknown> | undefined,
): Wait<Failure | undefined> {
  const work: Unfinished = { child, promise: undefined }
  try {
    work.promise = begin()
    if (work.promise !== undefined) {
      // A deadline of somebody who waits for this start must be able to end it.
      engine.transition ??= new StopNode(new StopSource())
      const expired = (): void => {
        if (engine.transition !== undefined && ranOut(engine.transition)) engine.pending(pending.note)
      }
      if (!(yield within(engine.transition, work.promise, expired)))
        return { thrown: undefined, during: child, unfinished: work }
    }
    engine.hook = undefined
  } catch (error) {
    engine.hook = undefined
    return { thrown: { error }, during: child, unfinished: undefined }
  }
  return engine.transition?.hasEnded === true
    ? { thrown: undefined, during: undefined, unfinished: undefined }
    : undefined
}

function* fail(engine: ServiceEngine, failure: Failure, pending: PendingList): Wait<Error> {
  const { transition, logger } = engine
  const { late, errors } = yield* unwind(engine, failure.unfinished, pending)
  const original = causeOf(failure, transition, late)
  if (failure.during !== undefined) {
    logger.error({ state: 'Starting', subService: failure.during.id, err: original }, 'Failed to start sub-service')
  }
  // What rejects late without a word of the abort is a failure of its own.
  const extra = late === undefined || late.error === original ? null : toError(late.error)
  return joinErrors([startError(engine, failure, original, pending), extra, ...errors]) as Error
}

/** What was thrown; else what the unfinished step made of the abort; else the abort's own reason. */
function causeOf(
  failure: Failure,
  transition: StopNode | undefined,
  late: { readonly error: unknown } | undefined,
): unknown {
  if (failure.thrown !== undefined) return failure.thrown.error
  if (transition?.hasEnded !== true) return late?.error
  return late !== undefined && isCancellation(late.error, transition.signal) ? late.error : transition.reason
}

function startError(engine: ServiceEngine, failure: Failure, cause: unknown, pending: PendingList): ServiceError {
  const { id, transition } = engine
  const ended = transition?.hasEnded === true
  if (ended && ranOut(transition) && (failure.thrown === undefined || isCancellation(cause, transition.signal))) {
    return deadlineError('start', id, pending.list(), cause)
  }
  const why =
    failure.during !== undefined
      ? `sub-service ${show(failure.during.id)} failed to start`
      : failure.thrown !== undefined
        ? 'its start function failed'
        : 'it was aborted'
  return new ServiceError(`Cannot start ${show(id)}: ${why}`, {
    code: 'START_FAILED',
    service: id,
    pending: pending.list(),
    cause,
  })
}
