import { DONE } from '@svc/statemachine/internal'
import type { OwnedNode } from './children.ts'
import type { PendingList } from './pending-list.ts'
import type { ServiceEngine } from './service-engine.ts'
import { type Steps, within } from './within.ts'

/** More turns than a service takes that waits for nothing, and for how many levels above each other. */
const SETTLING_TURNS = 40
const MOST_LEVELS = 16

/** Notes what has not ended now that nobody waits for it any more. Those below hand in what they leave behind later. */
export function noteUnended(engine: ServiceEngine, pending: PendingList): void {
  pending.note(engine)
  if (engine.family !== undefined) engine.family.unended = pending
}

/**
 * The end of a transition. What was begun below past a deadline gets a moment, in which no time passes; what does not
 * end in it is noted as well, as are tasks that were started meanwhile. No more work is taken after that.
 */
export function* settle(engine: ServiceEngine, pending: PendingList): Steps {
  const { family, height } = engine
  const isBusyBelow = (): boolean => family?.children.some((child) => child.isBusy) === true
  if (family?.unended !== undefined) {
    const turns = SETTLING_TURNS * Math.min(height, MOST_LEVELS)
    for (let turn = 0; turn < turns && isBusyBelow(); turn++) yield within(undefined, DONE)
    if (isBusyBelow()) pending.note(engine)
    family.unended = undefined
  }
  if (engine.isBusy) pending.note(engine)
  engine.sealed = true
}

/** An owner that has given up waiting has no ear for the error; what that names must not get lost. */
export function handUp(engine: ServiceEngine, error: Error): void {
  const owner: OwnedNode | undefined = engine.owner
  owner?.engine?.family?.unended?.take(error)
}
