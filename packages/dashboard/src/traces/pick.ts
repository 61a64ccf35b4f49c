import type { Span } from './model.ts'

/**
 * Picks the spans that are worth most, together with all that is above them.
 *
 * @param spans parents before their children
 * @param worth `Infinity` for one that must not be left out
 */
export function pick(spans: readonly Span[], worth: (span: Span) => number, most: number): ReadonlySet<Span> {
  if (spans.length <= most) return new Set(spans)
  // What is above one is worth at least as much, and comes first where it is a tie.
  const best = new Map<Span, number>()
  for (const span of spans.toReversed()) {
    const own = Math.max(worth(span), best.get(span) ?? -1)
    best.set(span, own)
    if (span.parent !== undefined) best.set(span.parent, Math.max(own, best.get(span.parent) ?? -1))
  }
  const valueOf = (span: Span): number => best.get(span) ?? 0
  const sorted = spans.toSorted((a, b) => compare(valueOf(b), valueOf(a)) || a.number - b.number)
  const mandatory = sorted.findIndex((it) => valueOf(it) !== Infinity)
  return new Set(sorted.slice(0, Math.max(most, mandatory < 0 ? sorted.length : mandatory)))
}

/** A difference would be no number between two infinities. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}
