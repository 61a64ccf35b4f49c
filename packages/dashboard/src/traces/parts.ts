import { html, type Html } from '../html.ts'
import type { Outcome } from './outcome.ts'
import { type Span, titleOf } from './model.ts'
import { durationText, isoText, momentText } from './time-text.ts'

/** Where a span stands in the page of its trace. */
export function anchorOf({ number }: Span): string {
  return `span-${number}`
}

/** How many spans the page of a trace has at first. */
export const MOST_ROWS = 200

const LONGEST_NAME = 120

/** A name as it can stand in a line. */
export function shortName(text: string, most: number = LONGEST_NAME): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`
}

export function titleText(span: Span, most?: number): string {
  return shortName(titleOf(span), most)
}

const SIGNS: Readonly<Record<Outcome['is'], readonly [string, string]>> = {
  failed: ['✗', 'failed'],
  open: ['◌', 'has not ended'],
  good: ['✓', 'ended well'],
}

/** A sign for how something went, with the word for who does not see it. */
export function sign(is: Outcome['is']): Html {
  const [mark, word] = SIGNS[is]
  return html`<span class="sign ${is}" aria-hidden="true">${mark}</span><span class="unseen">${word}: </span>`
}

export function badge(is: Outcome['is'], word: string = SIGNS[is][1]): Html {
  return html`<span class="badge ${is}"><span aria-hidden="true">${SIGNS[is][0]} </span>${word}</span>`
}

/** A moment, and how long ago it was. */
export function moment(at: number, now: number): Html {
  return html`<time datetime="${isoText(at)}" title="${momentText(at)}">${agoText(at, now)}</time>`
}

export function agoText(at: number, now: number): string {
  return now - at < 1000 ? 'just now' : `${durationText(Math.floor((now - at) / 1000) * 1000)} ago`
}
