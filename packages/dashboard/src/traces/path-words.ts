import { html, type Html, type HtmlValue } from '../html.ts'
import type { CriticalPath } from './critical-path.ts'
import { durationOf, isOpen, rootOf, type Span, type Trace } from './model.ts'
import { count, waitingOn, whatOf } from './outcome.ts'
import { anchorOf, shortName, titleText } from './parts.ts'
import { durationText } from './time-text.ts'
import { childrenOf } from './tree.ts'

const MOST_NAMED = 3
const MOST_LEVELS = 6

/** Says what the time of a trace went into, from the outside to the inside; `undefined` where there is nothing to say. */
export function explainPath(trace: Trace, path: CriticalPath, now: number): Html | undefined {
  const root = rootOf(trace)
  if (trace.kind === 'health' || trace.kind === 'flush') return undefined
  if (isOpen(root)) return explainWait(trace, now)
  if (trace.spans.length < 2) return undefined
  const total = durationOf(root, now)
  const children = childrenOf(trace)
  const steps: Html[] = []
  let outer = root
  while (steps.length < MOST_LEVELS) {
    const [most] = byShare(children(outer), path)
    if (most === undefined || path.through(most) < Math.max(path.through(outer), 0.001) / 2) break
    const took = durationText(path.through(most))
    if (steps.length === 0) steps.push(html`${naming(most)} took ${took} of the ${durationText(total)}`)
    else steps.push(html`, ${naming(most)} ${took} of that`)
    outer = most
  }
  const ownOfRoot = ownTime(root, path)
  if (steps.length === 0 && ownOfRoot >= path.through(root) / 2)
    return html`Its own work took ${durationText(ownOfRoot)} of the
    ${durationText(total)}.${ownOfRoot <= path.through(root) * 0.95 && html` The rest: ${shares(root, children(root), path, 0)}.`}`
  if (steps.length === 0)
    return html`No single one of its parts took most of the ${durationText(total)}:
    ${shares(root, children(root), path)}.`
  const own = ownTime(outer, path)
  const isOwn = own > path.through(outer) * 0.95
  const rest =
    children(outer).length > 0 &&
    !isOwn &&
    html` Within <bdi>${shortName(outer.name)}</bdi>: ${shares(outer, children(outer), path)}.`
  const left =
    root.leftOut > 0 &&
    html` ${count(root.leftOut, 'short span')} left out took ${durationText(root.leftOutMs)} together.`
  return html`${steps}.${rest}${isOwn && outer.kind !== 'wait' && html` That was its own work.`}${left}`
}

function explainWait(trace: Trace, now: number): Html {
  const open = waitingOn(trace)
  const [first] = open
  const root = rootOf(trace)
  const soFar = durationText(durationOf(root, now))
  if (first === undefined || first === root)
    return html`It has been running for ${soFar}, and waits for nothing but its own work.`
  const named = open
    .slice(0, MOST_NAMED)
    .map((it, i) => html`${i > 0 && ', '}${chain(it)} for ${durationText(durationOf(it, now))}`)
  const more = open.length > MOST_NAMED && html` and for ${open.length - MOST_NAMED} more`
  return html`It has been running for ${soFar}, and waits for ${named}${more}.`
}

/** The way down from the root, without it. */
function chain(span: Span): Html {
  const above: Span[] = []
  for (let it = span.parent; it?.parent !== undefined && above.length < MOST_LEVELS; it = it.parent) above.unshift(it)
  return html`${above.map((it) => html`<bdi>${shortName(it.name)}</bdi> › `)}${naming(span)}`
}

/** The largest shares of a span's time, `own` among them; what is under a hundredth of it is not worth a word. */
function shares(span: Span, children: readonly Span[], path: CriticalPath, own: number = ownTime(span, path)): Html {
  const total = path.through(span)
  const named: (readonly [words: HtmlValue, ms: number])[] = byShare(children, path)
    .slice(0, MOST_NAMED)
    .map((it) => [naming(it), path.through(it)] as const)
  const others = total - ownTime(span, path) - named.reduce((sum, [, ms]) => sum + ms, 0)
  const worth = [...named, ['its own work', own] as const]
    .filter(([, ms]) => ms >= total / 100)
    .toSorted((a, b) => b[1] - a[1])
  if (others >= total / 100) worth.push(['others', others])
  return html`${worth.map(([words, ms], i) => html`${i > 0 && ', '}${words} ${durationText(ms)}`)}`
}

/** For how long the path was in a span itself. */
function ownTime(span: Span, { stretches }: CriticalPath): number {
  return stretches.reduce((sum, it) => (it.span === span ? sum + it.to - it.from : sum), 0)
}

function byShare(spans: readonly Span[], path: CriticalPath): readonly Span[] {
  return spans.filter((it) => path.through(it) > 0).toSorted((a, b) => path.through(b) - path.through(a))
}

function naming(span: Span): Html {
  return html`<a href="#${anchorOf(span)}"><bdi>${nameOf(span)}</bdi></a>`
}

/** The kind is said where it is another one than that of the whole, as where a failed start closes what had started. */
function nameOf(span: Span): string {
  return span.kind === 'wait' || span.kind === rootOf(span.trace).kind ? shortName(whatOf(span)) : titleText(span)
}
