import { isServiceError } from '@svc/core'
import { type Causes, causesOf, NO_CAUSES } from '../causes.ts'
import { failuresOf } from './health.ts'
import type { Row } from './rows.ts'
import { messageOf } from './words.ts'

/** One thing that is wrong with a service. */
export interface Line {
  /** The key of the condition, if it is one that has a key. */
  readonly key: string | undefined
  readonly text: string
  readonly since: number | undefined
  /** What is behind it, where that says more. */
  readonly because: Causes
}

/** How many lines of one service are shown. */
export const MOST_LINES = 5
/** Of what fails because something below it does: that says the rest. */
const FEW_CAUSES = 3
const WITHHELD = '(the message is not shown here)'

/** All that is wrong with a service, each thing once: a condition stands in the health as well, as `key: message`. */
export function linesOf({ entry, level, failures, unready, badBelow }: Row, details: boolean): Line[] {
  const lines: Line[] = []
  const said = new Set<string>()
  const add = (key: string | undefined, error: Error, since?: number): void => {
    const text = messageOf(error)
    const whole = key === undefined ? text : `${key}: ${text}`
    if (said.has(whole)) return
    said.add(whole)
    lines.push(
      details
        ? { key, text, since, because: causesOf(error, text, badBelow > 0 ? FEW_CAUSES : undefined) }
        : { key, text: WITHHELD, since, because: NO_CAUSES },
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
