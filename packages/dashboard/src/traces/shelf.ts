import { rootOf, type Trace } from './model.ts'

/** Keeps the last traces, open ones among them. */
export interface Shelf {
  add(trace: Trace): void
  /** Puts one that has ended back if it is gone, and makes room. */
  settle(trace: Trace): void
  /** Newest first. */
  all(): readonly Trace[]
  /** How many are kept that were begun by tasks and ticks and have not ended. */
  openWork(): number
  /** How many are not kept any more. */
  readonly dropped: number
}

/** What a span without an error weighs, in characters of text: both are about bounding memory. */
const SPAN_WEIGHT = 250
/** All that is kept, in characters: some 20 MB. */
const MOST_WEIGHT = 10_000_000

/**
 * Makes a shelf. Where it is full the oldest of the kind goes that has most: so a flood of ticks or of health changes
 * never takes away how the program started.
 */
export function createShelf(maxTraces: number, mostWeight: number = MOST_WEIGHT): Shelf {
  const groups = new Map<string, Trace[]>()
  let dropped = 0
  // What has come since all was weighed: to weigh all each time would cost more than the rest.
  let grown = 0

  function add(trace: Trace): void {
    const key = groupOf(trace)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [trace])
    else group.push(trace)
    makeRoom(trace)
  }

  function settle(trace: Trace): void {
    if (groups.get(groupOf(trace))?.includes(trace) === true) makeRoom(trace)
    else {
      dropped--
      add(trace)
    }
  }

  function makeRoom(newest: Trace): void {
    while (count() > maxTraces) if (!drop(fullest(newest, lengthOf), newest)) return
    grown += weightOf([newest])
    if (grown < mostWeight / 20) return
    grown = 0
    while (sum(weightOf) > mostWeight) if (!drop(fullest(newest, weightOf), newest)) return
  }

  function count(): number {
    return sum(lengthOf)
  }

  function sum(measure: (group: readonly Trace[]) => number): number {
    let total = 0
    for (const group of groups.values()) total += measure(group)
    return total
  }

  /** The group that has most; where it is a tie, one that is not of the newest trace. */
  function fullest(newest: Trace, measure: (group: readonly Trace[]) => number): Trace[] {
    let found: Trace[] = []
    let most = -1
    for (const [key, group] of groups) {
      const size = measure(group) - (key === groupOf(newest) ? 0.5 : 0)
      if (size > most && group.some((it) => it !== newest)) [found, most] = [group, size]
    }
    return found
  }

  /** Drops the oldest start of what has closed since, else the oldest that has ended, else the oldest of all. */
  function drop(group: Trace[], newest: Trace): boolean {
    const most = mostly(group)
    const rules: readonly ((trace: Trace) => boolean)[] = [
      (it) => it.isOver && most(it),
      (it) => it.isOver,
      (it) => rootOf(it).endedAt !== undefined && most(it),
      (it) => rootOf(it).endedAt !== undefined,
      () => true,
    ]
    for (const rule of rules) {
      const at = group.findIndex((it) => it !== newest && rule(it))
      if (at < 0) continue
      group.splice(at, 1)
      dropped++
      return true
    }
    return false
  }

  return {
    add,
    settle,
    all: () => [...groups.values()].flat().toSorted((a, b) => rootOf(b).startedAt - rootOf(a).startedAt),
    openWork: () => groups.get('work')?.reduce((open, trace) => open + Math.min(1, trace.open), 0) ?? 0,
    get dropped() {
      return dropped
    },
  }
}

/**
 * Tells those that there are more of, which failed or ended well: neither pushes the other out. Of health each change
 * leads to the one before.
 */
function mostly(group: readonly Trace[]): (trace: Trace) => boolean {
  const [first] = group
  if (first !== undefined && groupOf(first) === 'health') return () => true
  const failed = group.filter((it) => it.failed > 0).length
  const isFailed = failed * 2 > group.length
  return (it) => it.failed > 0 === isFailed
}

function groupOf({ kind, isOutermost }: Trace): string {
  if (kind === 'task' || kind === 'tick') return 'work'
  if (kind === 'health' || kind === 'flush') return 'health'
  // What starts and closes while a program runs must not push out how that itself began.
  return isOutermost ? kind : 'part'
}

function lengthOf(group: readonly Trace[]): number {
  return group.length
}

function weightOf(group: readonly Trace[]): number {
  let weight = 0
  for (const { spans, text } of group) weight += spans.length * SPAN_WEIGHT + text
  return weight
}
