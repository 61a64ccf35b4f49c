import { html, type Html } from '../html.ts'
import type { CriticalPath, Stretch } from './critical-path.ts'
import { durationOf, endOf, isOpen, rootOf, type Span, type Trace } from './model.ts'
import { anchorOf, titleText } from './parts.ts'
import { axisMarks, durationText } from './time-text.ts'
import type { Branch } from './tree.ts'

/** What a waterfall is drawn of. */
export interface WaterfallParts {
  readonly trace: Trace
  readonly rows: readonly Branch[]
  readonly path: CriticalPath
  readonly now: number
}

const AXIS = 24
const ROW = 36
/** The line of the label, with that of the bar below it; the style sheet puts them side by side where there is room. */
const LABEL = 18
const BAR_TOP = 20
const BAR = 11
const INDENT = 14
const MOST_INDENTS = 8
const LONGEST_LABEL = 70
/** Where the plot begins and how wide it is, in percent, beside the labels. The style sheet has the same. */
const LEFT = 32
const PLOT = 60
/** Where marks would run into the end of the axis. */
const LAST_MARK = 88

/**
 * Draws a trace: a row for each span, a link to what is told of it below. Lengths across are percentages and those of
 * text are not, so that the drawing takes any width and text stays as large as text is.
 */
export function waterfall({ trace, rows, path, now }: WaterfallParts): Html {
  const begin = rootOf(trace).startedAt
  const scale = createScale(begin, Math.max(endOf(trace, now) - begin, 0.001))
  const height = AXIS + rows.length * ROW
  const stretches = groupBySpan(path.stretches)
  return html`<svg class="waterfall" width="100%" height="${height}" role="group" aria-label="Waterfall">
    <defs>
      <pattern id="open-bar" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="stripe-back" width="8" height="8" />
        <rect class="stripe" width="4" height="8" />
      </pattern>
    </defs>
    <g class="lower" aria-hidden="true">${scale.marks.map(({ at }) => gridLine(at, height))}</g>
    <g aria-hidden="true">${scale.marks.map(axisMark)}</g>
    ${rows.map((row, i) => rowOf(row, AXIS + i * ROW, scale, stretches.get(row.span) ?? [], now))}
  </svg>`
}

function gridLine(at: number, height: number): Html {
  return html`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="${AXIS - 6}" y2="${height}" />`
}

/** Twice, since text cannot be squeezed as lines can: for the drawing as wide as the page, and for that beside the labels. */
function axisMark({ text, at }: Mark): Html {
  const anchor = at > 0 && html` text-anchor="middle"`
  return html`<text class="mark narrow" x="${percent(at)}" y="13" ${anchor}>${text}</text
    ><text class="mark wide" x="${percent(LEFT + (at * PLOT) / 100)}" y="13" ${anchor}>${text}</text>`
}

function rowOf({ span, depth }: Branch, y: number, scale: Scale, stretches: readonly Stretch[], now: number): Html {
  const is = span.failure !== undefined ? 'failed' : isOpen(span) ? 'open' : 'good'
  const took = `${durationText(durationOf(span, now))}${isOpen(span) ? '…' : ''}`
  const label = titleText(span, LONGEST_LABEL)
  const indent = Math.min(depth, MOST_INDENTS) * INDENT
  const words = { failed: ', failed', open: ', has not ended', good: '' }[is]
  return html`<a class="row ${is}" href="#${anchorOf(span)}" aria-label="${label}: ${took}${words}">
    <title>${titleText(span)}: ${took}${words}</title>
    <rect class="hit" y="${y}" width="100%" height="${ROW}" />
    <g class="upper"
      ><svg class="label" y="${y}" width="82%" height="${LABEL + 3}">
        <text x="${indent}" y="15">
          ${is !== 'good' && html`<tspan class="sign">${is === 'failed' ? '✗' : '◌'} </tspan>`}${label}
        </text></svg
      ><text class="took" x="100%" y="${y + 15}" text-anchor="end">${took}</text></g
    >
    <g class="lower">${bar(span, y + BAR_TOP, scale, now)}${stretches.map((it) => stretch(it, y + BAR_TOP, scale))}</g>
  </a> `
}

function bar(span: Span, y: number, scale: Scale, now: number): Html {
  const x = percent(scale.at(span.startedAt))
  const width = percent(scale.share(durationOf(span, now)))
  // The second one is what is seen of a span that is too short to be.
  return html`<rect class="bar" x="${x}" y="${y}" width="${width}" height="${BAR}" /><rect
      class="bar least"
      x="${x}"
      y="${y}"
      width="4"
      height="${BAR}"
    />`
}

function stretch({ from, to }: Stretch, y: number, scale: Scale): Html {
  return html`<rect
    class="path"
    x="${percent(scale.at(from))}"
    y="${y + BAR}"
    width="${percent(scale.share(to - from))}"
    height="3"
  />`
}

function groupBySpan(stretches: readonly Stretch[]): ReadonlyMap<Span, readonly Stretch[]> {
  const groups = new Map<Span, Stretch[]>()
  for (const it of stretches) {
    const group = groups.get(it.span)
    if (group === undefined) groups.set(it.span, [it])
    else group.push(it)
  }
  return groups
}

interface Mark {
  readonly text: string
  readonly at: number
}

/** Places across, in percent. */
interface Scale {
  readonly marks: readonly Mark[]
  at(moment: number): number
  share(ms: number): number
}

function createScale(begin: number, total: number): Scale {
  const share = (ms: number): number => Math.min(100, Math.max(0, (ms / total) * 100))
  return {
    marks: axisMarks(total)
      .map((mark) => ({ text: mark === 0 ? '0' : durationText(mark), at: share(mark) }))
      .filter(({ at }) => at <= LAST_MARK),
    // Not past the last of it, so that the least that is drawn can be seen.
    at: (moment) => Math.min(99.5, share(moment - begin)),
    share,
  }
}

function percent(value: number): string {
  return `${Number(value.toFixed(3))}%`
}
