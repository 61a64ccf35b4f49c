import { errorTree, isServiceError } from '@svc/core'
import { failuresOf } from './health.ts'
import type { Row } from './rows.ts'
import { messageOf } from './words.ts'

/** One thing that is wrong with a service. */
export interface Line {
  /** The key of the condition, if it is one that has a key. */
  readonly key: string | undefined
  readonly text: string
  readonly since: number | undefined
  /** What is behind it, outermost first, where that says more. */
  readonly because: readonly string[]
}

/** How many lines of one service are shown. */
export const MOST_LINES = 5
const MOST_CAUSES = 4
const WITHHELD = '(the message is not shown here)'

/** All that is wrong with a service, each thing once: a condition stands in the health as well, as `key: message`. */
export function linesOf({ entry, level, failures, unready }: Row, details: boolean): Line[] {
  const lines: Line[] = []
  const said = new Set<string>()
  const add = (key: string | undefined, error: Error, since?: number): void => {
    const text = messageOf(error)
    const whole = key === undefined ? text : `${key}: ${text}`
    if (said.has(whole)) return
    said.add(whole)
    lines.push(
      details ? { key, text, since, because: causesOf(error, text) } : { key, text: WITHHELD, since, because: [] },
    )
  }
  if (entry.state === 'Stopped') return lines
  const { failure } = entry
  if (failure !== undefined && entry.hasEnded) add(undefined, failure)
  for (const [key, { error, since }] of entry.conditions) add(key, error, since)
  for (const error of failures)
    if (failure === undefined || !isServiceError(error, 'NOT_STARTED')) add(undefined, error)
  if (failures.length === 0 && entry.unkeyed !== undefined) add(undefined, entry.unkeyed)
  if (level === 'wait') for (const error of failuresOf(unready)) add(undefined, error)
  return lines
}

/** What is below an error in its tree, leaving out what repeats what was said already. */
function causesOf(error: Error, text: string): readonly string[] {
  const found: string[] = []
  let said = text
  for (const part of errorTree(error)) {
    if (part === error) continue
    const message = typeof part === 'string' ? part : messageOf(part)
    if (said.includes(message)) continue
    if (found.push(message) === MOST_CAUSES) break
    said += `\n${message}`
  }
  return found
}
