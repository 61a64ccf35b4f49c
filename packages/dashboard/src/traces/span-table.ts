import { drawCauses } from '../causes.ts'
import { html, type Html, type HtmlValue } from '../html.ts'
import { clip } from '../text.ts'
import type { Links } from './links.ts'
import { durationOf, isOpen, rootOf, type Failure, type Span, type Trace } from './model.ts'
import { anchorOf, sign, titleText } from './parts.ts'
import { factsText, linkList, serviceLink } from './span-facts.ts'
import { durationText } from './time-text.ts'
import type { Branch } from './tree.ts'

/** What the table is made of. */
export interface SpanTableParts {
  readonly trace: Trace
  readonly rows: readonly Branch[]
  readonly links: Links
  readonly now: number
  readonly details: boolean
}

const MOST_LEVELS = 8
const LONGEST_MESSAGE = 2048

/** The spans as a table, with all that a drawing has no room for. The roles are written out, since a narrow page lays it out otherwise. */
export function spanTable({ trace, rows, links, now, details }: SpanTableParts): Html {
  const begin = rootOf(trace).startedAt
  return html`<table class="spans panel" role="table">
    <caption class="unseen">
      Each span with its state, times and error
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Span</th>
        <th role="columnheader" scope="col">State</th>
        <th role="columnheader" scope="col" class="number">Began at</th>
        <th role="columnheader" scope="col" class="number">Took</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(({ span, depth }) => {
        const is = span.failure !== undefined ? 'failed' : isOpen(span) ? 'open' : 'good'
        return html`<tr id="${anchorOf(span)}" class="${is}" role="row" tabindex="-1">
          <th scope="row" role="rowheader" class="level-${Math.min(depth, MOST_LEVELS)}">
            ${sign(is)}<bdi>${titleText(span)}</bdi>${about(span, links, details)}
          </th>
          <td role="cell" data-label="State">${span.state ?? '–'}</td>
          <td role="cell" data-label="Began at" class="number">
            +${durationText(Math.max(0, span.startedAt - begin))}
          </td>
          <td role="cell" data-label="Took" class="number">
            ${durationText(durationOf(span, now))}${isOpen(span) && ' so far'}
          </td>
        </tr> `
      })}
    </tbody>
  </table>`
}

function about(span: Span, links: Links, details: boolean): Html {
  const words = factsText(span).map((it) => html`<bdi>${it}</bdi>`)
  const parts: readonly HtmlValue[] = [serviceLink(span), ...words, ...linkList(links.of(span))].filter(
    (it) => it !== undefined,
  )
  const line =
    parts.length > 0 && html`<p class="about muted">${parts.map((it, i) => html`${i > 0 && ' · '}${it}`)}</p>`
  return html`${line}${span.failure !== undefined && failureOf(span.failure, details)}`
}

/** What went wrong, and the stacks of what is told here; what a span below has told is not told twice. */
export function failureOf(failure: Failure, details: boolean): Html {
  const { summary, because, type, isTold, exceptions, count } = failure
  if (!details) return html`<p class="error"><span class="type">${type}</span> (messages are not shown to you)</p>`
  const stacks = exceptions.filter(({ stack }) => stack !== '')
  const missing = count - exceptions.length
  return html`<p class="error"><bdi>${clip(summary, LONGEST_MESSAGE)}</bdi>${drawCauses(because)}</p>
    ${isTold && html`<p class="about muted">Told in full where it went wrong, below.</p>`}
    ${!isTold && count > 1 && missing > 0 && html`<p class="about muted">${missing.toLocaleString('en')} of its ${count.toLocaleString('en')} errors are not kept here.</p>`}
    ${
      stacks.length > 0 &&
      html`<details>
        <summary>
          ${stacks.length === 1 ? 'Stack' : `${stacks.length} stacks`} <span class="type">${type}</span>
        </summary>
        ${stacks.map(({ stack }) => html`<pre tabindex="0">${stack}</pre>`)}
      </details>`
    }`
}
