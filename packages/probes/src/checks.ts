import { errorTree, type HealthSnapshot, isServiceError, type ServiceState } from '@svc/core'

/** The three probes, spelled as their paths. */
export type ProbeName = 'livez' | 'readyz' | 'startupz'

/** The checks of one probe at one moment. */
export interface Checks {
  readonly passed: boolean
  /** By name, in the order in which they are listed; `null` passed. */
  listed(): ReadonlyMap<string, Error | null>
  /** One check by name, also a service's that is not listed; `undefined` for an unknown name. */
  find(name: string): Error | null | undefined
}

const SHUTDOWN = new Error('The program is draining')
const NOT_READY = new Error('The source of the health says that it is not ready')
const NOT_UP = new Error('The program has not been ready as a whole yet')

/** States in which a service has not been `Started` yet. */
const BEFORE: readonly ServiceState[] = ['Unstarted', 'Starting', 'StartFailed']
/** States that nothing but a restart of the program ends. */
const DEAD: readonly ServiceState[] = ['StartFailed', 'StopFailed']

/** Reads the checks of a probe from a snapshot, and runs nothing. */
export function readChecks(probe: ProbeName, snapshot: HealthSnapshot, draining: boolean): Checks {
  switch (probe) {
    case 'livez':
      return liveChecks(snapshot)
    case 'readyz':
      return readyChecks(snapshot, draining)
    case 'startupz':
      return startChecks(snapshot)
  }
}

/** A root that failed to start or to stop is dead; what is merely unhealthy, or draining, is alive. */
function liveChecks(snapshot: HealthSnapshot): Checks {
  const roots = new Map([...snapshot.readiness].map(([name, error]) => [name, deadState(name, error, snapshot)]))
  return createChecks(snapshot, roots, {
    listed: () => new Map([['ping', null], ...roots]),
    ofPart: (refusal) => (isIn(refusal, DEAD) ? refusal : null),
  })
}

function readyChecks(snapshot: HealthSnapshot, draining: boolean): Checks {
  const own = new Map<string, Error | null>([['shutdown', draining ? SHUTDOWN : null]])
  if (!snapshot.ready && allNull(snapshot.readiness)) own.set('ready', NOT_READY)
  return createChecks(snapshot, snapshot.readiness, { own, ofPart: (refusal) => refusal })
}

/** Once everything has been ready at once, nothing turns it back. */
function startChecks(snapshot: HealthSnapshot): Checks {
  const { everReady } = snapshot
  const roots = everReady ? new Map([...snapshot.readiness.keys()].map((name) => [name, null])) : snapshot.readiness
  const own = new Map<string, Error | null>([['startup', everReady ? null : NOT_UP]])
  return createChecks(snapshot, roots, {
    own,
    ofPart: (refusal) => (!everReady && isIn(refusal, BEFORE) ? refusal : null),
  })
}

interface CheckRules {
  /** The probe's own checks besides `ping`. */
  readonly own?: ReadonlyMap<string, Error | null>
  /** What is listed, where it is not every service. */
  readonly listed?: () => ReadonlyMap<string, Error | null>
  /** The check of a service below a root, from its `NOT_STARTED` in the root's readiness. */
  readonly ofPart: (refusal: Error) => Error | null
}

function createChecks(snapshot: HealthSnapshot, roots: ReadonlyMap<string, Error | null>, rules: CheckRules): Checks {
  const own = new Map<string, Error | null>([['ping', null], ...(rules.own ?? [])])
  let refusals: ReadonlyMap<string, Error> | undefined
  let list: ReadonlyMap<string, Error | null> | undefined
  // Thousands of services may stand under a root, and a plain probe asks for none of them: they are read when listed.
  function ofPart(name: string): Error | null {
    refusals ??= readRefusals(snapshot)
    const refusal = refusals.get(name)
    return refusal === undefined ? null : rules.ofPart(refusal)
  }
  function listAll(): ReadonlyMap<string, Error | null> {
    const all = new Map<string, Error | null>([['ping', null]])
    for (const [name, error] of roots) add(all, name, error)
    for (const name of snapshot.health.keys()) if (!roots.has(name)) add(all, name, ofPart(name))
    for (const [name, error] of own) add(all, name, error)
    return all
  }
  function listed(): ReadonlyMap<string, Error | null> {
    return (list ??= rules.listed?.() ?? listAll())
  }
  function find(name: string): Error | null | undefined {
    const error = listed().get(name)
    return error === undefined && snapshot.health.has(name) ? ofPart(name) : error
  }
  return { passed: allNull(roots) && allNull(own), listed, find }
}

/** A service may be called `ping`: one that fails is not hidden by one that passes. */
function add(all: Map<string, Error | null>, name: string, error: Error | null): void {
  all.set(name, all.get(name) ?? error)
}

function allNull(report: ReadonlyMap<string, Error | null>): boolean {
  for (const error of report.values()) if (error !== null) return false
  return true
}

function isIn(refusal: Error, states: readonly ServiceState[]): boolean {
  return isServiceError(refusal, 'NOT_STARTED') && refusal.state !== undefined && states.includes(refusal.state)
}

/** Every `NOT_STARTED` that the roots' readiness is made of, by the service that it names. */
function readRefusals(snapshot: HealthSnapshot): ReadonlyMap<string, Error> {
  const refusals = new Map<string, Error>()
  for (const error of snapshot.readiness.values()) {
    for (const part of errorTree(error)) {
      if (isServiceError(part, 'NOT_STARTED') && !refusals.has(part.service)) refusals.set(part.service, part)
    }
  }
  return refusals
}

/**
 * A root's readiness is its own joined with that of its parts. A part that failed to stop, while the rest still closes,
 * must not make the root dead: only a refusal that names the root, or nothing that is reported apart from it, counts.
 */
function deadState(name: string, error: Error | null, snapshot: HealthSnapshot): Error | null {
  if (error === null) return null
  for (const part of errorTree(error)) {
    if (!isServiceError(part, 'NOT_STARTED') || !isIn(part, DEAD)) continue
    if (part.service === name || !snapshot.health.has(part.service)) return part
  }
  return null
}
