import { NAME_LIMIT } from '@svc/core/internal'
import { html, type Html, type HtmlValue } from '../html.ts'
import { keyOf } from '../key.ts'
import type { Link } from './links.ts'
import { isOpen, type Span } from './model.ts'
import { count, recoveryOf } from './outcome.ts'
import { anchorOf, MOST_ROWS } from './parts.ts'
import { durationText } from './time-text.ts'

const REASONS: Readonly<Record<string, string>> = {
  requested: 'because it was asked to',
  shutdown: 'because the program ends',
  parent: 'because its owner closes',
  start_failed: 'because a start failed',
}

/** What is known of a span besides its times and its error, in words. */
export function factsText(span: Span): readonly string[] {
  const { kind, facts = {}, leftOut, leftOutMs } = span
  const words: string[] = []
  if (kind === 'close' && facts.closeReason !== undefined) {
    const up = facts.uptimeMs === undefined ? '' : ` after ${durationText(facts.uptimeMs)} up`
    words.push(`closed${up}, ${REASONS[facts.closeReason] ?? facts.closeReason}`)
  }
  if (facts.subServices !== undefined) words.push(`started ${count(facts.subServices, 'sub-service')}`)
  if (facts.pending !== undefined) words.push(`${isOpen(span) ? 'waits' : 'waited'} for ${pendingText(span)}`)
  if (facts.tick !== undefined) words.push(`tick ${facts.tick.toLocaleString('en')}`)
  if (kind === 'health') words.push(healthText(span))
  if (facts.conditions !== undefined) words.push(`conditions: ${facts.conditions.join(', ')}`)
  if (facts.checked !== undefined) {
    words.push(`looked at ${count(facts.checked, 'name')}, ${facts.unhealthy ?? 0} of them unhealthy`)
  }
  if (facts.errorCount !== undefined) words.push(`told of ${count(facts.errorCount, 'error')}`)
  if (facts.dropped !== undefined && facts.dropped > 0) words.push(`${facts.dropped} more were dropped before`)
  if (leftOut > 0) {
    const took = leftOutMs > 0 ? `, together ${durationText(leftOutMs)}` : ''
    words.push(`${count(leftOut, 'span')} below that ended well ${leftOut === 1 ? 'is' : 'are'} not kept${took}`)
  }
  return words
}

function pendingText({ facts }: Span): string {
  const labels = facts?.pendingLabels ?? []
  return `${count(facts?.pending ?? 0, 'task')}${labels.length > 0 ? `: ${labels.join(', ')}` : ''}`
}

function healthText(span: Span): string {
  const { facts } = span
  if (facts?.status !== 'unhealthy') return recoveryOf(span)
  return facts.previousStatus === 'unhealthy' ? 'is still unhealthy, with another message' : 'became unhealthy'
}

const LINK_WORDS: Readonly<Record<Link['type'], string>> = {
  start: 'its start',
  close: 'its close',
  previous: 'the change before',
  next: 'the change after',
  drain: 'the drain before it',
}

/** The full name of a service, as a link to how it is now; only the name where it is not whole. */
export function serviceLink({ service, kind }: Span): Html | undefined {
  if (service === '' || kind === 'drain') return undefined
  const name = html`<bdi>${service}</bdi>`
  return service.length < NAME_LIMIT ? html`<a href="../../#${keyOf(service)}">${name}</a>` : name
}

/** Links to other spans, from the page of a trace. */
export function linkList(links: readonly Link[]): readonly Html[] {
  return links.map(({ type, to }) => linkTo(to, LINK_WORDS[type]))
}

export function linkTo(span: Span, words: HtmlValue): Html {
  const { trace, parent } = span
  // It may be one of those that are folded away at first.
  const all = trace.spans.length > MOST_ROWS && '?all=1'
  const place = parent !== undefined && html`${all}#${anchorOf(span)}`
  return html`<a href="${trace.id}${place}">${words}</a>`
}
