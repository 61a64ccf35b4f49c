import { html, Html } from '../html.ts'
import type { Draft, Shape } from './draft.ts'
import type { Level } from './rows.ts'

/** One piece of a node as the readers have it, and since which revision. */
export interface SentPiece {
  readonly id: string
  html: string
  revision: number
}

/** An element of the page as the readers have it. */
export class Node {
  readonly key: string
  readonly id: string
  readonly title: Html
  readonly isOpen: boolean
  readonly pieces: SentPiece[]
  readonly work: SentPiece | undefined
  list: string
  after: string
  shape: Shape
  level: Level
  /** Since when it is there, or has its shape. */
  madeAt: number
  /** Since when it is where it is. */
  placedAt: number

  constructor({ key, list, shape, level, id, title, isOpen, pieces, work }: Draft, after: string, revision: number) {
    const sent = ({ suffix, html: text }: { suffix: string; html: string }): SentPiece => ({
      id: `${key}${suffix}`,
      html: text,
      revision,
    })
    this.key = key
    this.id = id
    this.title = title
    this.isOpen = isOpen
    this.pieces = pieces.map(sent)
    this.work = work && sent(work)
    this.list = list
    this.after = after
    this.shape = shape
    this.level = level
    this.madeAt = revision
    this.placedAt = revision
  }

  /** Its markup; of what is in its list nothing but what is handed in. */
  markup(inside: Html, isHidden: boolean, isOpen: boolean = this.isOpen): Html {
    const { key, id, level, shape } = this
    const hidden = isHidden && html` hidden`
    const attributes = html` id="${key}" data-level="${level}" data-id="${id}"${hidden}`
    const [below, ...rest] = shape === 'card' ? [undefined, ...this.pieces] : this.allPieces
    const line = html`<span class="who">${this.title}${below && pieceMarkup(below)}</span
      >${rest.map((piece) => pieceMarkup(piece))}`
    if (shape === 'card') return html`<li class="node card" ${attributes}>${line}</li>`
    if (shape === 'leaf') return html`<li class="node service" ${attributes}><div class="line">${line}</div></li>`
    return html`<li class="node service"${attributes}><details${isOpen && html` open`}><summary class="line">${line}</summary><ul id="${key}-c">${inside}</ul></details></li>`
  }

  get allPieces(): readonly SentPiece[] {
    return this.work === undefined ? this.pieces : [...this.pieces, this.work]
  }
}

function pieceMarkup({ id, html: text }: SentPiece | undefined = NONE): Html {
  return html`<span class="piece${id.slice(-2)}" id="${id}">${new Html(text)}</span>`
}

const NONE: SentPiece = { id: '', html: '', revision: 0 }
