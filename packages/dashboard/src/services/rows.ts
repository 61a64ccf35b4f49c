import type { Entry } from './entry.ts'
import { failuresOf, type Health } from './health.ts'

/** How a service is, at one glance: `wait` is on its way or not ready, `off` not started or stopped. */
export type Level = 'bad' | 'wait' | 'good' | 'off'

/** One service at one moment. */
export interface Row {
  readonly entry: Entry
  readonly depth: number
  /** The row that it stands under. */
  readonly parent: Row | undefined
  readonly level: Level
  /** What `level` is called here. */
  readonly word: string
  /** What a checker says is wrong, in parts; nothing of mere life cycle. */
  readonly failures: readonly Error[]
  /** Why it is not ready, where a checker says so. */
  readonly unready: Error | null | undefined
  /** How many services are under it, and how many of these are not well. */
  below: number
  badBelow: number
}

/** Every service in the order of the tree: each before what is under it, siblings in the order in which they came. */
export function toRows(entries: ReadonlyMap<string, Entry>, health: Health, at: number): Row[] {
  const children = new Map<string, Entry[]>()
  const roots: Entry[] = []
  for (const entry of entries.values()) {
    const above = parentOf(entry, entries)
    if (above === undefined) roots.push(entry)
    else {
      const siblings = children.get(above)
      if (siblings === undefined) children.set(above, [entry])
      else siblings.push(entry)
    }
  }
  const rows: Row[] = []
  // A loop with a stack of its own: how deep a tree of services goes is the user's affair.
  const open: { entry: Entry; parent: Row | undefined }[] = roots
    .toReversed()
    .map((entry) => ({ entry, parent: undefined }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const row = toRow(next.entry, next.parent, health, at)
    rows.push(row)
    for (const entry of children.get(next.entry.id)?.toReversed() ?? []) open.push({ entry, parent: row })
  }
  for (const { parent, level, below, badBelow } of rows.toReversed()) {
    if (parent === undefined) continue
    parent.below += below + 1
    parent.badBelow += badBelow + (level === 'bad' ? 1 : 0)
  }
  return rows
}

/** That of its scope; for a name that only a report has, the longest other name that it goes on from after a dot. */
function parentOf({ id, name, parentId }: Entry, entries: ReadonlyMap<string, Entry>): string | undefined {
  if (name !== undefined)
    return parentId !== undefined && parentId !== id && entries.has(parentId) ? parentId : undefined
  for (let dot = id.lastIndexOf('.'); dot > 0; dot = id.lastIndexOf('.', dot - 1)) {
    if (entries.has(id.slice(0, dot))) return id.slice(0, dot)
  }
  return undefined
}

function toRow(entry: Entry, parent: Row | undefined, health: Health, at: number): Row {
  const reported = health.health.get(entry.id)
  const failures = failuresOf(reported)
  if (reported !== undefined) entry.reconcile(failures.length > 0 ? reported : null, at)
  const unready = health.readiness.get(entry.id)
  const [level, word] = judge(entry, reported, failures.length > 0, unready)
  const depth = parent === undefined ? 0 : parent.depth + 1
  return { entry, depth, parent, level, word, failures, unready, below: 0, badBelow: 0 }
}

function judge(
  { state, active }: Entry,
  reported: Error | null | undefined,
  isUnhealthy: boolean,
  unready: Error | null | undefined,
): readonly [Level, string] {
  if (state === 'StartFailed') return ['bad', 'Start failed']
  if (state === 'StopFailed') return ['bad', 'Close failed']
  if (state === 'Stopped') return ['off', 'Stopped']
  if (isUnhealthy || (reported === undefined && active > 0)) return ['bad', 'Unhealthy']
  if (state === 'Starting' || state === 'Stopping') return ['wait', state]
  if (state === 'Unstarted') return ['off', 'Not started']
  if (failuresOf(unready).length > 0) return ['wait', 'Not ready']
  if (reported === null) return ['good', 'Healthy']
  if (reported === undefined) return state === undefined ? ['off', 'Unknown'] : ['good', 'Running']
  return ['off', 'Not started']
}
