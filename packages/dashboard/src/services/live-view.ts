import type { Draft } from './draft.ts'
import { Node, type SentPiece } from './node.ts'

/** How many removals are remembered; a reader that missed more is sent everything. */
const MOST_GONE = 2000

/**
 * The page as its readers have it: elements with keys, each with the revision in which it changed last. A reader is one
 * number, so that any number of slow ones costs nothing, and is sent what has changed since its own.
 */
export class LiveView {
  /** In the order of the page: each after those that it stands under and behind. */
  nodes: ReadonlyMap<string, Node> = new Map()
  revision = 1
  /** Whether something was left for the next update. */
  isBehind = false
  /** What has gone, and when. */
  readonly gone: Map<string, number> = new Map()
  /** Removals up to this one are forgotten. */
  private floor = 0
  /** Where the next update goes on with what changes all the time. */
  private workFrom = 0

  /** Whether a reader of a revision can be brought up to date by a difference. */
  knows(revision: number): boolean {
    return revision >= this.floor && revision <= this.revision
  }

  /**
   * Takes the page as it is now.
   *
   * @param room how many characters of what changes all the time may be sent; the rest waits its turn
   * @returns whether anything changed
   */
  update(drafts: readonly Draft[], room: number): boolean {
    const next = this.revision + 1
    const placed = this.place(drafts, next)
    const worked = this.updateWork(drafts, next, room)
    if (placed || worked) this.revision = next
    return placed || worked
  }

  private place(drafts: readonly Draft[], next: number): boolean {
    const nodes = new Map<string, Node>()
    const last = new Map<string, string>()
    let changed = false
    for (const draft of drafts) {
      const after = last.get(draft.list) ?? ''
      last.set(draft.list, draft.key)
      const known = this.nodes.get(draft.key)
      const fits = known !== undefined && known.shape === draft.shape && known.title.text === draft.title.text
      nodes.set(draft.key, fits ? known : new Node(draft, after, next))
      if (fits) changed = patch(known, draft, after, next) || changed
      else changed = true
    }
    for (const key of this.nodes.keys()) {
      if (nodes.has(key)) continue
      this.gone.set(key, next)
      changed = true
    }
    this.nodes = nodes
    this.forgetGone()
    return changed
  }

  private forgetGone(): void {
    for (const [key, revision] of this.gone) {
      if (this.nodes.has(key)) this.gone.delete(key)
      else if (this.gone.size > MOST_GONE) {
        this.gone.delete(key)
        this.floor = revision
      }
    }
  }

  private updateWork(drafts: readonly Draft[], next: number, room: number): boolean {
    let left = room
    let changed = false
    this.isBehind = false
    for (let i = 0; i < drafts.length; i++) {
      const at = (this.workFrom + i) % drafts.length
      const { key, work } = drafts[at] as Draft
      const sent = this.nodes.get(key)?.work
      if (work === undefined || sent === undefined || sent.html === work.html) continue
      if (left <= 0) {
        this.workFrom = at
        this.isBehind = true
        break
      }
      left -= work.html.length
      changed = setPiece(sent, work.html, next) || changed
    }
    return changed
  }
}

function patch(node: Node, { list, level, pieces }: Draft, after: string, next: number): boolean {
  let changed = false
  if (node.list !== list || node.after !== after) {
    node.list = list
    node.after = after
    node.placedAt = next
    changed = true
  }
  for (let i = 0; i < pieces.length; i++) {
    changed = setPiece(node.pieces[i] as SentPiece, pieces[i]?.html ?? '', next) || changed
  }
  if (node.level === level) return changed
  node.level = level
  for (const piece of node.pieces) piece.revision = next
  return true
}

function setPiece(piece: SentPiece, html: string, next: number): boolean {
  if (piece.html === html) return false
  piece.html = html
  piece.revision = next
  return true
}
