import { rootOf, type Span, type Trace } from './model.ts'

/** Gives the spans directly below one, in the order in which they began. */
export type Children = (span: Span) => readonly Span[]

const NONE: readonly Span[] = []

export function childrenOf({ spans }: Trace): Children {
  const below = new Map<Span, Span[]>()
  for (const span of spans) {
    if (span.parent === undefined) continue
    const siblings = below.get(span.parent)
    if (siblings === undefined) below.set(span.parent, [span])
    else siblings.push(span)
  }
  return (span) => below.get(span) ?? NONE
}

/** A span and how far below the root it is. */
export interface Branch {
  readonly span: Span
  readonly depth: number
}

/** The spans in the order of a tree: each before what is below it. */
export function inOrder(trace: Trace): readonly Branch[] {
  const children = childrenOf(trace)
  const branches: Branch[] = []
  const open: Branch[] = [{ span: rootOf(trace), depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    branches.push(next)
    const { span, depth } = next
    for (const child of children(span).toReversed()) open.push({ span: child, depth: depth + 1 })
  }
  return branches
}
