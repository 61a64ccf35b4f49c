import type { Operation } from '@svc/core'
import { drawCauses } from '../causes.ts'
import { html, type Html, type HtmlValue } from '../html.ts'
import { clip } from '../text.ts'
import type { Entry } from './entry.ts'
import { type Line, linesOf, MOST_LINES } from './lines.ts'
import type { Row } from './rows.ts'
import { clock, count, duration, elapsed, NAME } from './words.ts'

/** How long it is said of a service that it was unhealthy. */
const REMEMBERED_MS = 600_000
const MOST_LABELS = 3

/** When something is shown, and to whom. */
export interface Moment {
  readonly at: number
  readonly details: boolean
}

/** What is under a service. */
export function drawBelow({ below, badBelow }: Row): Html {
  if (below === 0) return html``
  const bad = badBelow > 0 && html`, <b class="bad">${badBelow} unhealthy</b>`
  return html`${count(below, 'service', 'services')}${bad}`
}

/** What a service is, and for how long. */
export function drawStatus(row: Row): Html {
  const { entry, level, word } = row
  const since = level === 'bad' ? entry.since : level === 'good' ? undefined : entry.stateAt || undefined
  const length = since !== undefined && html` <span class="for">for ${elapsed(since)}</span>`
  const facts = [stateOf(row), readinessOf(row), entry.startedAt !== undefined && !entry.hasEnded && upOf(entry)]
  return html`<b class="word">${word}</b>${length} <span class="state">${separated(facts)}</span>`
}

function stateOf({ entry: { state }, word }: Row): HtmlValue {
  return state !== word && state
}

function readinessOf({ unready }: Row): HtmlValue {
  return unready === undefined ? false : unready === null ? 'ready' : 'not ready'
}

function upOf({ startedAt = 0 }: Entry): Html {
  return html`up ${elapsed(startedAt)}`
}

function separated(values: readonly HtmlValue[]): Html[] {
  const shown = values.filter((value) => value !== false && value !== undefined)
  return shown.map((value, at) => html`${at > 0 && ', '}${value}`)
}

/** The tasks in flight by label, with the age of the oldest, and the last tick of each label. */
export function drawWork({ entry }: Row): Html {
  const labels = byLabel(entry.inFlight)
  const jobs: Html[] = []
  for (const [label, { oldest, number }] of labels) {
    if (jobs.length === MOST_LABELS) break
    const times = number > 1 && html`${number.toLocaleString('en')} × `
    jobs.push(
      html`<span class="job"
        >${times}<bdi>${clip(label, NAME)}</bdi>
        <span class="muted">${number > 1 && 'oldest '}${elapsed(oldest)}</span></span
      >`,
    )
  }
  if (labels.size > MOST_LABELS)
    jobs.push(html`<span class="job muted">and ${labels.size - MOST_LABELS} more labels</span>`)
  const ticks = [...entry.ticks].toReversed().slice(0, MOST_LABELS)
  const last = ticks.map(([label, { startedAt, endedAt, failed }]) => {
    const took = `${failed ? 'failed after ' : ''}${duration(endedAt - startedAt)}`
    return html`<span class="job"
      >tick <bdi>${clip(label, NAME)}</bdi> <span class="muted">${took}, ${elapsed(endedAt)} ago</span></span
    >`
  })
  const running = jobs.length > 0 && html`<span class="jobs"><span class="unseen">in flight: </span>${jobs}</span>`
  return html`${running}${last.length > 0 && html`<span class="jobs">${last}</span>`}`
}

/** What is in flight stands in the order in which it began. */
function byLabel(inFlight: ReadonlySet<Operation>): Map<string, { readonly oldest: number; number: number }> {
  const labels = new Map<string, { readonly oldest: number; number: number }>()
  for (const { label, startedAt } of inFlight) {
    const known = labels.get(label)
    if (known === undefined) labels.set(label, { oldest: startedAt, number: 1 })
    else known.number++
  }
  return labels
}

/** Why a service is as it is, or that it was not well a short while ago. */
export function drawWhy(row: Row, moment: Moment): Html {
  const lines = linesOf(row, moment.details)
  return lines.length > 0 ? drawLines(lines, row.entry.since) : drawRecovery(row, moment)
}

/** @param known since when it is said anyway */
export function drawLines(lines: readonly Line[], known: number | undefined): Html {
  // Where conditions say it, a few of the errors beside them will do.
  const keyed = lines.filter(({ key }) => key !== undefined).length
  const most = keyed === 0 ? MOST_LINES : Math.min(MOST_LINES, keyed + 2)
  const shown = lines.slice(0, most).map(({ key, text, since, because }) => {
    const name = key !== undefined && html`<bdi class="condition">${clip(key, NAME)}</bdi> `
    const age = since !== undefined && since !== known && html` <span class="muted">for ${elapsed(since)}</span>`
    return html`<span class="reason">${name}<bdi class="text">${text}</bdi>${age}${drawCauses(because)}</span>`
  })
  const more = lines.length - most
  return html`${shown}${more > 0 && html`<span class="reason muted">and ${more} more</span>`}`
}

function drawRecovery({ entry: { recovery }, level }: Row, { at, details }: Moment): Html {
  if (level !== 'good' || recovery === undefined || !isRecent(recovery, at)) return html``
  const why = details && recovery.why !== '' && html`: <bdi class="text">${recovery.why}</bdi>`
  const until = html`until ${clock(recovery.until, at)}, ${elapsed(recovery.until)} ago`
  return html`<span class="reason muted"
    >was unhealthy for ${duration(recovery.until - recovery.since)} ${until}${why}</span
  >`
}

/** Whether what is shown depends on the time. */
export function isRecent(recovery: { readonly until: number }, at: number): boolean {
  return at - recovery.until < REMEMBERED_MS
}
