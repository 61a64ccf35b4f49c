import { html, type Html } from '../html.ts'
import { page } from '../layout.ts'
import { applyFilter, type Filter, filterQuery, isNarrowed } from './filter.ts'
import { recordedId } from './ids.ts'
import { durationOf, rootOf, type Trace, TRACE_KINDS } from './model.ts'
import { count, outcomeOf } from './outcome.ts'
import { badge, moment, sign, titleText } from './parts.ts'
import { durationText, momentText } from './time-text.ts'

/** What the list is made of. */
export interface ListParts {
  readonly program: string
  /** Newest first. */
  readonly traces: readonly Trace[]
  /** How many are not kept any more. */
  readonly dropped: number
  readonly filter: Filter
  readonly now: number
  readonly details: boolean
}

/** The page of the last traces: those that have not ended first, then the newest. */
export function listPage({ program, traces, dropped, filter, now, details }: ListParts): Html {
  const found = applyFilter(traces, filter)
  const open = found.filter((it) => it.open > 0)
  const ended = found.filter((it) => it.open === 0)
  const query = filterQuery(filter)
  const main = html`<div class="heading">
      <h1>Traces</h1>
      <p class="actions">
        <a class="button" href="traces${query}">Reload</a
        >${found.length > 0 && html` <a class="button" href="traces/jaeger.json${query}" download>Download ${isNarrowed(filter) ? 'these' : 'all'} for Jaeger</a>`}
      </p>
    </div>
    ${filterForm(filter)}
    <p class="muted summary">${summary(traces, found, dropped, filter)} As of ${momentText(now)}.</p>
    ${
      open.length > 0 &&
      html`<h2 class="part">Not ended</h2>
        <ol class="traces">
          ${open.map((it) => entry(it, now, details))}
        </ol>
        ${ended.length > 0 && html`<h2 class="part">Ended</h2>`}`
    }
    ${
      ended.length > 0 &&
      html`<ol class="traces">
        ${ended.map((it) => entry(it, now, details))}
      </ol>`
    }
    ${traces.length === 0 && html`<p class="empty panel">Nothing has been observed yet. A trace comes with each start and close of a service, and with each change of health.</p>`}
    ${traces.length > 0 && found.length === 0 && html`<p class="empty panel">No trace fits. <a href="traces">Show all</a></p>`}`
  return page({ title: 'Traces', program, current: 'traces', root: '../', main })
}

function summary(traces: readonly Trace[], found: readonly Trace[], dropped: number, filter: Filter): string {
  const failed = found.filter((it) => it.failed > 0).length
  const shown = isNarrowed(filter)
    ? `${found.length} of ${count(traces.length, 'trace')}`
    : count(traces.length, 'trace')
  const older = dropped > 0 ? ` ${dropped.toLocaleString('en')} older ones are not kept.` : ''
  return `${shown}, ${failed} with errors.${older}`
}

const KIND_WORDS: Readonly<Record<(typeof TRACE_KINDS)[number], string>> = {
  start: 'Starts',
  close: 'Closes',
  drain: 'Drains',
  health: 'Health',
  flush: 'Flushed errors',
  task: 'Tasks',
  tick: 'Ticks',
}

function filterForm({ kind, service, errors }: Filter): Html {
  return html`<form class="filter panel" method="get" action="traces" role="search" aria-label="Traces">
    <label
      >Kind
      <select name="kind">
        <option value="">All</option>
        ${TRACE_KINDS.map((it) => html`<option value="${it}" ${it === kind && html` selected`}>${KIND_WORDS[it]}</option>`)}
      </select></label
    >
    <label class="grow"
      >Service
      <input
        type="search"
        name="service"
        value="${service}"
        placeholder="App.Store"
        autocomplete="off"
        spellcheck="false"
    /></label>
    <label class="check"
      ><input type="checkbox" name="errors" value="1" ${errors && html` checked`} /> Only with errors</label
    >
    <button type="submit">Show</button>
  </form>`
}

function entry(trace: Trace, now: number, details: boolean): Html {
  const root = rootOf(trace)
  const { is, text } = outcomeOf(trace, now, details)
  const recorded = recordedId(trace)
  const took = `${durationText(durationOf(root, now))}${root.endedAt === undefined ? ' so far' : ''}`
  const spans = trace.spans.length + left(trace)
  return html`<li class="trace panel ${is}">
    <p class="what">
      ${sign(is)}<a href="traces/${trace.id}"><bdi>${titleText(root)}</bdi></a
      >${trace.failed > 0 && is === 'open' && html` ${badge('failed', 'with errors')}`}
    </p>
    <p class="when muted">
      ${moment(root.startedAt, now)} · ${took} ·
      ${count(spans, 'span')}${recorded !== undefined && html` · <span class="mono id" title="The trace id at OpenTelemetry: ${recorded}">${recorded.slice(0, 8)}</span>`}
    </p>
    ${text !== '' && html`<p class="outcome"><bdi>${text}</bdi></p>`}
  </li> `
}

export function left({ spans }: Trace): number {
  return spans.reduce((sum, { leftOut }) => sum + leftOut, 0)
}
