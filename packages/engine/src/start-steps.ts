import { isCancellation, joinErrors, ServiceError, toError } from '@svc/core'
import { show } from '@svc/core/internal'
import { DONE } from '@svc/statemachine/internal'
import { StopNode, StopSource } from '@svc/stopchan/internal'
import type { Child } from './children.ts'
import { deadlineError, ranOut } from './deadline.ts'
import { begin, type Begun, callHook } from './hooks.ts'
import { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { handUp } from './settle.ts'
import { type Unfinished, unwind } from './unwind.ts'
import { drive, type Steps, type Wait, within } from './within.ts'

/** What ended a start: an error, or the end of its budget while something was still going on. */
interface Failure {
  readonly thrown: { readonly error: unknown } | undefined
  readonly during: Child | undefined
  readonly unfinished: Unfinished | undefined
}

/**
 * Starts a service, a transaction: its sub-services in order, then its own hook. What fails, is aborted, or runs out of
 * time is unwound, and the error is the original first, then whatever the unwinding added. As long as every step ends
 * at once nothing is allocated, and `undefined` comes back; the first that does not leads to {@link startSteps}.
 */
export function startService(engine: ServiceEngine): Promise<void> | undefined {
  if (engine.transition?.hasEnded === true) return drive(abortedBefore(engine, engine.transition))
  engine.log('Starting', 'Starting')
  const children = engine.family === undefined ? NO_CHILDREN : [...engine.family.children]
  if (children.length > 0) engine.log('Starting', `Starting ${children.length} sub-services`)
  for (let at = 0; at <= children.length; at++) {
    if (children[at]?.needsNewStack === true) return drive(startSteps(engine, children, at, undefined))
    const begun = beginStep(engine, children[at])
    if (begun !== undefined || engine.isLate) return drive(startSteps(engine, children, at, begun ?? NOTHING_LEFT))
  }
  engine.log('Started', 'Started')
  return undefined
}

const NO_CHILDREN: readonly Child[] = Object.freeze([])
const NOTHING_LEFT: Begun = Object.freeze({ child: undefined, work: undefined, thrown: undefined })

function beginStep(engine: ServiceEngine, child: Child | undefined): Begun | undefined {
  if (child !== undefined) return begin(child, () => child.start(engine.signalBelow))
  const { start } = engine.config
  return start === undefined ? undefined : begin(undefined, () => callHook(engine, 'start', start))
}

/** The rest of a start, from a step that has begun and not ended, or has yet to begin. */
function* startSteps(engine: ServiceEngine, children: readonly Child[], from: number, begun: Begun | undefined): Steps {
  const pending = new PendingList()
  for (let at = from; at <= children.length; at++) {
    const child = children[at]
    const hasBegun = at === from && begun !== undefined
    if (!hasBegun && child?.needsNewStack === true) yield within(undefined, DONE)
    const step = hasBegun ? begun : beginStep(engine, child)
    const failure = yield* endStep(engine, step ?? NOTHING_LEFT, pending)
    if (failure !== undefined) throw yield* fail(engine, failure, pending)
  }
  engine.log('Started', 'Started')
}

/** No step is begun; but tasks may have been, while it waited for guarded functions, and those are named as well. */
function* abortedBefore(engine: ServiceEngine, { reason }: StopNode): Steps {
  const pending = new PendingList()
  pending.note(engine)
  const { errors } = yield* unwind(engine, undefined, pending)
  const failure = { thrown: undefined, during: undefined, unfinished: undefined }
  throw joinErrors([
    pending.isEmpty ? toError(reason) : startError(engine, failure, reason, pending),
    ...errors,
  ]) as Error
}

/** Waits for a step. An abort that comes during it fails the start, even if the step itself ends well. */
function* endStep(engine: ServiceEngine, step: Begun, pending: PendingList): Wait<Failure | undefined> {
  const { child, work, thrown } = step
  if (thrown !== undefined) return { thrown, during: child, unfinished: undefined }
  if (work !== undefined) {
    // A deadline of somebody who waits for this start must be able to end it.
    const budget = (engine.transition ??= new StopNode(new StopSource()))
    const expired = (): void => {
      if (ranOut(budget)) pending.note(engine)
    }
    try {
      const inTime = yield within(budget, work, expired)
      if (!inTime) return { thrown: undefined, during: child, unfinished: { child, work } }
    } catch (error) {
      return { thrown: { error }, during: child, unfinished: undefined }
    } finally {
      if (!budget.hasEnded) engine.hook = undefined
    }
  }
  return engine.isLate ? { thrown: undefined, during: undefined, unfinished: undefined } : undefined
}

function* fail(engine: ServiceEngine, failure: Failure, pending: PendingList): Wait<Error> {
  // A deadline of somebody who waits for this start must be able to end the unwinding.
  const transition = (engine.transition ??= new StopNode(new StopSource()))
  const { late, errors } = yield* unwind(engine, failure.unfinished, pending)
  const original = causeOf(failure, transition, late)
  if (failure.during !== undefined) {
    // What somebody asked for is no error.
    const level = transition.hasEnded && !ranOut(transition) ? 'warn' : 'error'
    engine.logger[level](
      { state: 'Starting', subService: failure.during.id, err: original },
      'Failed to start sub-service',
    )
  }
  // What rejects late without a word of the abort is a failure of its own.
  const extra = late === undefined || late.error === original ? null : toError(late.error)
  const error = joinErrors([startError(engine, failure, original, pending), extra, ...errors]) as Error
  handUp(engine, error)
  return error
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
