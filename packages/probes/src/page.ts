import type { HealthSnapshot } from '@svc/core'
import { type Checks, type ProbeName, readChecks } from './checks.ts'
import type { Reply } from './reply.ts'

/** Everything that is read and rendered from one revision of the health, made when first asked for. */
export interface Page {
  readonly snapshot: HealthSnapshot
  checks(probe: ProbeName): Checks
  /** The reply kept under a key, made by `render` the first time. The keys are few: nothing that a client makes up is one. */
  reply(key: string, render: () => Reply): Reply
}

/** Keeps one page, for as long as the revision stays: an unchanged report of 10,000 entries is serialised once. */
export function createPages(draining: AbortSignal): (snapshot: HealthSnapshot) => Page {
  let page: Page | undefined
  let drained = false
  return (snapshot) => {
    if (page?.snapshot.revision !== snapshot.revision || drained !== draining.aborted) {
      drained = draining.aborted
      page = createPage(snapshot, drained)
    }
    return page
  }
}

function createPage(snapshot: HealthSnapshot, draining: boolean): Page {
  const checks = new Map<ProbeName, Checks>()
  const replies = new Map<string, Reply>()
  return {
    snapshot,
    checks: (probe) => getOrMake(checks, probe, () => readChecks(probe, snapshot, draining)),
    reply: (key, render) => getOrMake(replies, key, render),
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
