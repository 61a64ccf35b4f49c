import type { Span, Trace } from './model.ts'
import { pick } from './pick.ts'

/** How many spans a trace may have before short ones are left out, and how many then stay. */
export const TRIM_AT = 4000
const KEPT = 2000

/**
 * Leaves out the shortest of those that ended well: of a tree of 10,000 services those that failed, that have not ended
 * and that took long are what somebody looks for. What is above one that stays does stay.
 */
export function trim(trace: Trace): void {
  const { spans } = trace
  const kept = pick(spans, worthOf, KEPT)
  // From below, so that one passes on what it has been told.
  for (const span of spans.toReversed()) if (!kept.has(span)) leaveOut(span)
  trace.spans = spans.filter((it) => kept.has(it))
  // Where most are open there is little to leave out, and looking at all of them for each new one would be slow.
  trace.trimAt = Math.max(TRIM_AT, trace.spans.length * 2)
}

/** Called when all have ended: leaves out what could not be while it was open. */
export function trimEnded(trace: Trace): void {
  if (trace.spans.length >= TRIM_AT) trim(trace)
}

function worthOf({ startedAt, endedAt, failure }: Span): number {
  if (endedAt === undefined) return Infinity
  return endedAt - startedAt + (failure === undefined ? 0 : 1e12)
}

function leaveOut({ parent, startedAt, endedAt = startedAt, leftOut, leftOutMs }: Span): void {
  if (parent === undefined) return
  parent.leftOut += 1 + leftOut
  // What was below it took its time within that of its own.
  parent.leftOutMs += Math.max(endedAt - startedAt, leftOutMs)
}
