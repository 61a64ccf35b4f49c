import { drawCauses, NO_CAUSES } from '../causes.ts'
import { html, type Html } from '../html.ts'
import { page } from '../layout.ts'
import { clip } from '../text.ts'
import { criticalPath, type CriticalPath } from './critical-path.ts'
import { recordedId } from './ids.ts'
import type { Links } from './links.ts'
import { left } from './list-page.ts'
import { durationOf, rootOf, type Span, type Trace } from './model.ts'
import { count, failuresOf, messageOf, outcomeOf } from './outcome.ts'
import { anchorOf, badge, moment, MOST_ROWS, shortName, titleText } from './parts.ts'
import { explainPath } from './path-words.ts'
import { pick } from './pick.ts'
import { linkTo } from './span-facts.ts'
import { spanTable } from './span-table.ts'
import { durationText, momentText } from './time-text.ts'
import { inOrder } from './tree.ts'
import { waterfall } from './waterfall.ts'

/** What the page of a trace is made of. */
export interface TraceParts {
  readonly program: string
  readonly trace: Trace
  readonly links: Links
  /** Whether short spans are shown as well. */
  readonly all: boolean
  readonly now: number
  readonly details: boolean
}

/** What is found in a poll did not wait for anything. */
const NO_PATH: CriticalPath = { stretches: [], through: () => 0 }
const MOST_FAILURES = 3
const LONGEST_MESSAGE = 600
const MOST_LINES = 5

export function tracePage({ program, trace, links, all, now, details }: TraceParts): Html {
  const root = rootOf(trace)
  const path = trace.kind === 'health' || trace.kind === 'flush' ? NO_PATH : criticalPath(trace, now)
  const onPath = new Set(path.stretches.map(({ span }) => span))
  const rank = (span: Span): number => worthOf(span, onPath.has(span))
  const shown = all ? new Set(trace.spans) : pick(trace.spans, rank, MOST_ROWS)
  const rows = inOrder(trace).filter(({ span }) => shown.has(span))
  const words = explainPath(trace, path, now)
  const title = titleText(root)
  const main = html`<div class="heading">
      <div>
        <p class="muted"><a href="../traces">Traces</a></p>
        <h1><bdi>${title}</bdi></h1>
      </div>
      <p class="actions">
        ${trace.open > 0 && html`<a class="button" href="${trace.id}${all && '?all=1'}">Reload</a> `}<a
          class="button"
          href="${trace.id}/jaeger.json"
          download
          >Download for Jaeger</a
        >
      </p>
    </div>
    ${facts(trace, links, now, details)} ${failures(trace, details)}
    ${
      words !== undefined &&
      html`<section aria-labelledby="path">
        <h2 class="part" id="path">${root.endedAt === undefined ? 'What it waits for' : 'Where the time went'}</h2>
        <p>${words}</p>
      </section>`
    }
    <section aria-labelledby="drawing">
      <h2 class="part" id="drawing">Waterfall</h2>
      <p class="muted small">
        ${legend(trace, path)} Each row leads to its line in the <a href="#spans">table below</a>, which has the same.
      </p>
      ${folded(trace, rows.length, all)}
      <div class="panel drawing">${waterfall({ trace, rows, path, now })}</div>
    </section>
    <section aria-labelledby="spans">
      <h2 class="part" id="spans" tabindex="-1">Spans</h2>
      ${spanTable({ trace, rows, links, now, details })}
    </section>`
  return page({ title, program, current: 'traces', root: '../../', main })
}

/** What has failed, what has not ended, what was waited for; then what took long. */
function worthOf({ failure, endedAt, startedAt }: Span, isOnPath: boolean): number {
  const took = (endedAt ?? startedAt) - startedAt
  return took + (failure === undefined ? 0 : 4e12) + (endedAt === undefined ? 2e12 : 0) + (isOnPath ? 1e12 : 0)
}

function facts(trace: Trace, links: Links, now: number, details: boolean): Html {
  const root = rootOf(trace)
  const { is } = outcomeOf(trace, now, details)
  const recorded = recordedId(trace)
  const isOpen = root.endedAt === undefined
  const others = links.of(root)
  const word = trace.kind === 'health' ? (is === 'failed' ? 'unhealthy' : 'recovered') : undefined
  return html`<dl class="facts panel">
    <div>
      <dt>Outcome</dt>
      <dd>${badge(is, word)}${is === 'open' && trace.failed > 0 && html` ${badge('failed')}`}</dd>
    </div>
    <div>
      <dt>Began</dt>
      <dd>${moment(root.startedAt, now)}<br /><span class="muted small">${momentText(root.startedAt)}</span></dd>
    </div>
    <div>
      <dt>Took</dt>
      <dd>${durationText(durationOf(root, now))}${isOpen && ' so far'}</dd>
    </div>
    <div>
      <dt>Spans</dt>
      <dd>
        ${(trace.spans.length + left(trace)).toLocaleString('en')}${trace.failed > 0 && `, ${trace.failed.toLocaleString('en')} failed`}
      </dd>
    </div>
    ${
      others.length > 0 &&
      html`<div>
        <dt>See also</dt>
        <dd>
          ${others.map(({ to }, i) => html`${i > 0 && html`<br />`}${linkTo(to, titleText(to.parent === undefined ? to : rootOf(to.trace)))}`)}
        </dd>
      </div>`
    }
    ${
      recorded !== undefined &&
      html`<div>
        <dt>Trace id</dt>
        <dd class="mono">${recorded}</dd>
      </div>`
    }
  </dl>`
}

function failures(trace: Trace, details: boolean): Html | undefined {
  const failed = failuresOf(trace)
  if (failed.length === 0) return undefined
  return html`<section class="failures panel" aria-labelledby="failures">
    <h2 class="part" id="failures">${trace.kind === 'health' ? 'What is wrong' : 'What went wrong'}</h2>
    <ul>
      ${failed.slice(0, MOST_FAILURES).map(
        (it) =>
          html`<li>
            <a href="#${anchorOf(it)}"><bdi>${it.kind === 'health' ? shortName(it.service) : titleText(it)}</bdi></a
            >: <bdi>${beginning(messageOf(it, details))}</bdi>${details && drawCauses(it.failure?.because ?? NO_CAUSES)}
          </li>`,
      )}
      ${failed.length > MOST_FAILURES && html`<li class="muted">and ${count(failed.length - MOST_FAILURES, 'more')}, in the table below</li>`}
    </ul>
  </section>`
}

function legend(trace: Trace, path: CriticalPath): Html {
  const failed =
    trace.failed > 0 && html`<span class="key failed"><span aria-hidden="true">✗ </span>red: failed.</span> `
  const open =
    trace.open > 0 && html`<span class="key open"><span aria-hidden="true">◌ </span>striped: has not ended.</span> `
  const line =
    path.stretches.length > 1 &&
    html`<span class="key path"
      >The line under a bar is the critical path: what had to end for the whole to end.</span
    > `
  return html`${failed}${open}${line}`
}

function folded(trace: Trace, rows: number, all: boolean): Html | undefined {
  const hidden = trace.spans.length - rows
  const gone = left(trace)
  if (hidden === 0 && gone === 0 && !all) return undefined
  return html`<p class="folded">
    ${hidden > 0 && html`${count(hidden, 'short span')} that ended well ${hidden === 1 ? 'is' : 'are'} folded away: <a href="${trace.id}?all=1">show all ${trace.spans.length.toLocaleString('en')}</a>. `}${all && trace.spans.length > MOST_ROWS && html`All are shown: <a href="${trace.id}">fold the short ones away</a>. `}${gone > 0 && `${gone.toLocaleString('en')} more were so short that they are not kept.`}
  </p>`
}

/** The table has the rest. */
function beginning(message: string): string {
  const lines = message.split('\n')
  const shown = lines.slice(0, MOST_LINES).join('\n')
  return clip(lines.length > MOST_LINES ? `${shown}\n…` : shown, LONGEST_MESSAGE)
}
