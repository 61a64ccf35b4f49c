import { html, type Html } from '../html.ts'
import { clip } from '../text.ts'
import { drawBelow, drawLines, drawStatus, drawWhy, drawWork, isRecent, type Moment } from './draw-row.ts'
import { linesOf } from './lines.ts'
import type { Level, Row } from './rows.ts'
import { clock, elapsed, NAME } from './words.ts'

/** Whether a node has others under it, or is one of the list on top. */
export type Shape = 'leaf' | 'branch' | 'card'

/** A part of a node that is replaced by itself. */
export interface Piece {
  /** Put after the key of its node. */
  readonly suffix: string
  readonly html: string
}

/** An element of the page that comes, goes, moves and changes on its own. */
export interface Draft {
  readonly key: string
  /** The id of the list that it is in. */
  readonly list: string
  readonly shape: Shape
  readonly level: Level
  /** The full name, for the search. */
  readonly id: string
  /** What never changes of it. */
  readonly title: Html
  readonly isOpen: boolean
  readonly pieces: readonly Piece[]
  /** The one that may change all the time: it is sent as there is room. */
  readonly work: Piece | undefined
}

/** Browsers nest elements to a depth of some hundreds; nobody reads an indentation of that many levels. */
const DEEPEST = 20
/** Up to this many services everything is unfolded at first. */
const ALL_OPEN = 200
const BRANCH_OPEN = 50

/** Draws rows; one that is as it was is not drawn again. */
export class RowDrafts {
  private readonly kept = new Map<string, { readonly stamp: readonly unknown[]; readonly draft: Draft }>()

  draw(rows: readonly Row[], moment: Moment): Draft[] {
    const seen = new Set<string>()
    const drafts = rows.map((row) => {
      seen.add(row.entry.key)
      return this.drawOne(row, rows.length, moment)
    })
    for (const key of this.kept.keys()) if (!seen.has(key)) this.kept.delete(key)
    return drafts
  }

  private drawOne(row: Row, total: number, moment: Moment): Draft {
    const { entry, level, word, failures, unready, below, badBelow } = row
    const list = listOf(row)
    const recent = entry.recovery !== undefined && isRecent(entry.recovery, moment.at)
    // The pieces of a joined error are the same objects as long as nothing is new.
    const stamp = [entry, entry.revision, list, level, word, unready, below, badBelow, recent, ...failures]
    const before = this.kept.get(entry.key)
    if (before !== undefined && isSame(before.stamp, stamp)) return before.draft
    const draft: Draft = {
      key: entry.key,
      list,
      shape: below > 0 ? 'branch' : 'leaf',
      level,
      id: clip(entry.id, NAME),
      title: drawName(row),
      isOpen: total <= ALL_OPEN || below <= BRANCH_OPEN || row.depth === 0,
      pieces: [
        { suffix: '-b', html: drawBelow(row).text },
        { suffix: '-s', html: drawStatus(row).text },
        { suffix: '-m', html: drawWhy(row, moment).text },
      ],
      work: { suffix: '-w', html: drawWork(row).text },
    }
    this.kept.set(entry.key, { stamp, draft })
    return draft
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at])
}

/** The last part of the name where the rest stands above it, else all of it. */
function drawName({ entry: { id, name }, parent }: Row): Html {
  const above = parent?.entry.id
  const last = above === undefined ? id : name !== undefined ? name : id.slice(above.length + 1)
  return html`<bdi class="name">${clip(last, NAME)}</bdi>`
}

function listOf({ depth, parent }: Row): string {
  let above = parent
  for (let extra = depth - DEEPEST; extra > 0 && above !== undefined; extra--) above = above.parent
  return above === undefined ? 'tree' : `${above.entry.key}-c`
}

/** How many problems are listed by name. */
const MOST_CARDS = 20

/** The list of what is wrong. */
export function drawCards(problems: readonly Row[], moment: Moment): Draft[] {
  const cards = problems.slice(0, MOST_CARDS).map((row) => drawCard(row, moment))
  const more = problems.length - MOST_CARDS
  if (more > 0) cards.push(drawMore(more))
  return cards
}

function drawCard(row: Row, moment: Moment): Draft {
  const { entry, level, word } = row
  const since = level === 'bad' ? entry.since : word === 'Not ready' ? undefined : entry.stateAt
  const when = since !== undefined && html` since ${clock(since, moment.at)}, for <b>${elapsed(since)}</b>`
  const lines = linesOf(row, moment.details)
  return {
    key: `p-${entry.key}`,
    list: 'problems',
    shape: 'card',
    level,
    id: clip(entry.id, NAME),
    title: html`<a href="#${entry.key}"><bdi>${clip(entry.id, NAME)}</bdi></a> ${drawTracesLink(entry.id)}`,
    isOpen: false,
    pieces: [
      { suffix: '-s', html: html`<b class="word">${word}</b>${when}`.text },
      { suffix: '-m', html: (lines.length > 0 ? drawLines(lines, entry.since) : drawWork(row)).text },
    ],
    work: undefined,
  }
}

/** To what happened to it, on the other page. */
function drawTracesLink(id: string): Html {
  const query = `service=${encodeURIComponent(id.slice(0, NAME).toWellFormed())}`
  return html`<a class="to-traces" href="./debug/traces?${query}"
    >traces<span class="unseen"> of ${clip(id, NAME)}</span></a
  >`
}

function drawMore(more: number): Draft {
  const text = html`and ${more.toLocaleString('en')} more: “Only what is not well” below shows them all`
  return {
    key: 'p-more',
    list: 'problems',
    shape: 'card',
    level: 'bad',
    id: '',
    title: html``,
    isOpen: false,
    pieces: [{ suffix: '-s', html: text.text }],
    work: undefined,
  }
}
