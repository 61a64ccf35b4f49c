import { rootOf, type Span, type Trace } from './model.ts'
import { childrenOf, type Children } from './tree.ts'

/** A time during which nothing could end sooner unless this span did. */
export interface Stretch {
  readonly span: Span
  readonly from: number
  readonly to: number
}

/** The critical path of a trace. */
export interface CriticalPath {
  /** In order of time, without gaps from the beginning of the root to its end. */
  readonly stretches: readonly Stretch[]
  /** For how long the path went through a span or what is below it, in milliseconds. */
  through(span: Span): number
}

/**
 * Follows a trace from its end backwards: what ended last is what was waited for, before it what ended last before that
 * one began, and so on, in each span anew. What ends after the one above counts until that one's end, what has not ended
 * until now.
 */
export function criticalPath(trace: Trace, now: number): CriticalPath {
  const children = childrenOf(trace)
  const stretches: Stretch[] = []
  const through = new Map<Span, number>()
  const root = rootOf(trace)
  // A stack of its own: how deep a tree of services goes is the user's affair.
  const open = [{ span: root, from: root.startedAt, until: root.endedAt ?? now }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { span, from, until } = next
    through.set(span, Math.max(0, until - from))
    let cursor = until
    for (const { child, end } of lastFirst(children, span, until, now)) {
      if (end > cursor || end < from || child.startedAt >= cursor) continue
      if (cursor > end) stretches.push({ span, from: end, to: cursor })
      cursor = Math.max(child.startedAt, from)
      open.push({ span: child, from: cursor, until: end })
    }
    if (cursor > from) stretches.push({ span, from, to: cursor })
  }
  stretches.sort((a, b) => a.from - b.from)
  return { stretches, through: (span) => through.get(span) ?? 0 }
}

function lastFirst(
  children: Children,
  span: Span,
  until: number,
  now: number,
): readonly { readonly child: Span; readonly end: number }[] {
  return children(span)
    .map((child) => ({ child, end: Math.min(child.endedAt ?? now, until) }))
    .toSorted((a, b) => b.end - a.end || b.child.startedAt - a.child.startedAt || b.child.number - a.child.number)
}
