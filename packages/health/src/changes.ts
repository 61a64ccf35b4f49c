import type { HealthChange } from '@svc/core'
import type { Standing } from './standing.ts'

/** By name, what is told of one standing after another. The same message said by a new error object is no change. */
export function changesBetween(before: Standing, after: Standing): readonly HealthChange[] {
  const changes: HealthChange[] = []
  const compare = (name: string, previous: Error | null | undefined, current: Error | null | undefined): void => {
    if (!saysTheSame(previous, current)) changes.push({ name, previous, current })
  }
  if (before.hasSameNames(after)) {
    after.columns.forEach(({ names, errors }, column) => {
      const earlier = before.columns[column]?.errors ?? []
      if (errors === earlier) return
      for (let at = 0; at < names.length; at++) {
        if (errors[at] !== earlier[at]) compare(names[at] as string, earlier[at], errors[at])
      }
    })
    return changes
  }
  for (const [name, current] of after.health) compare(name, before.health.get(name), current)
  for (const [name, previous] of before.health) if (!after.health.has(name)) compare(name, previous, undefined)
  return changes
}

function saysTheSame(one: Error | null | undefined, other: Error | null | undefined): boolean {
  if (one === other) return true
  return one != null && other != null && one.message === other.message && one.name === other.name
}
