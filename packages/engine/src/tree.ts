import { joinErrors, type PendingWork } from '@svc/core'
import { readReadiness, readReporter, type VisitEntry } from '@svc/core/internal'
import type { Child, OwnedNode } from './children.ts'
import type { ServiceEngine } from './service-engine.ts'

/** Walks a service and all below it with a loop: how deep a tree is, is the user's affair. */
function walk(
  root: ServiceEngine,
  own: (engine: ServiceEngine) => void,
  other: (child: Child) => void,
  enters: (child: Child) => boolean = () => true,
): void {
  const open: Child[] = []
  const enter = (engine: ServiceEngine): void => {
    own(engine)
    const children = engine.family?.children ?? []
    for (let i = children.length - 1; i >= 0; i--) open.push(children[i] as Child)
  }
  enter(root)
  for (let child = open.pop(); child !== undefined; child = open.pop()) {
    if (!enters(child)) continue
    const engine = child.node?.engine
    if (engine === undefined) other(child)
    else enter(engine)
  }
}

/** Marks the path of owners: what is not on it has not changed. */
export function touchPath(from: ServiceEngine): void {
  let engine = from
  while (true) {
    engine.revision++
    const owner: OwnedNode | undefined = engine.owner
    const above = owner?.engine
    if (above === undefined) {
      owner?.touch?.()
      return
    }
    engine = above
  }
}

export function walkTree(
  root: ServiceEngine,
  fn: (engine: ServiceEngine) => void,
  other: (child: Child) => void,
): void {
  walk(root, fn, other)
}

/** Each service's own health, the parents before their sub-services. */
export function visitTree(root: ServiceEngine, into: VisitEntry, flush: boolean): void {
  walk(
    root,
    (engine) => {
      visitOne(engine, into, flush)
    },
    (child) => {
      if (child.node !== undefined) child.node.visit(into, flush)
      else if (flush) readReporter(child.service, child.id, into)
    },
  )
}

function visitOne(engine: ServiceEngine, into: VisitEntry, flush: boolean): void {
  const refusal = engine.machine.notStarted()
  if (refusal !== null) {
    into(engine.id, refusal)
    return
  }
  const flushed = flush ? engine.machine.takeErrors() : []
  const conditions = engine.knownConditions
  if (flushed.length === 0) into(engine.id, conditions?.joined() ?? null)
  else into(engine.id, joinErrors([...flushed, ...(conditions?.shown() ?? [])]), joinErrors(flushed))
}

/** What has not ended in a tree in transition: own work, then that of sub-services that are in transition themselves. */
export function pendingInTree(root: ServiceEngine, into: (work: PendingWork) => void): void {
  walk(
    root,
    (engine) => {
      engine.pendingHere(into)
    },
    (child) => {
      child.node?.pending?.(into)
    },
    (child) => {
      if (child.isBusy && !child.tellsPending) into(child.asPending())
      return child.isBusy && child.tellsPending
    },
  )
}

/** Own readiness, then that of each sub-service, joined. */
export function treeReadiness(root: ServiceEngine): Error | null {
  const errors: Error[] = []
  const add = (error: Error | null): void => {
    if (error !== null) errors.push(error)
  }
  walk(
    root,
    (engine) => {
      add(engine.machine.notStarted())
    },
    (child) => {
      add(readReadiness(child.service, child.id))
    },
    (child) => {
      if (child.overridesReadiness) add(readReadiness(child.service, child.id))
      return !child.overridesReadiness
    },
  )
  return joinErrors(errors)
}
