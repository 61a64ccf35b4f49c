import { html } from '../html.ts'
import type { LiveView } from './live-view.ts'
import type { Node } from './node.ts'

/** What brings a reader from one revision to another. The script in the page applies it in this order. */
export interface Frame {
  /** Of the window. */
  readonly title: string
  /** All keys there are, where the reader may have others. */
  readonly keys: readonly string[] | undefined
  /** Elements that are new, or have a new shape: key, list, the key before it in that list, markup. */
  readonly nodes: readonly (readonly [string, string, string, string])[]
  /** Elements that are in another place: key, list, the key before it. */
  readonly moves: readonly (readonly [string, string, string])[]
  /** Parts with new content: id, markup, level of the element. */
  readonly pieces: readonly (readonly [string, string, string])[]
  readonly gone: readonly string[]
}

/** The difference between a revision and the present; from `undefined` it is everything. */
export function frameOf(view: LiveView, from: number | undefined, title: string): Frame {
  const nodes: [string, string, string, string][] = []
  const moves: [string, string, string][] = []
  const pieces: [string, string, string][] = []
  const since = from ?? 0
  for (const node of view.nodes.values()) {
    if (node.list !== '' && node.madeAt > since) nodes.push([node.key, node.list, node.after, bare(node)])
    else {
      if (node.list !== '' && node.placedAt > since) moves.push([node.key, node.list, node.after])
      for (const { id, html: text, revision } of node.allPieces)
        if (revision > since) pieces.push([id, text, node.level])
    }
  }
  const keys = from === undefined ? [...view.nodes.keys()] : undefined
  const gone = [...view.gone].filter(([, revision]) => revision > since).map(([key]) => key)
  return { title, keys, nodes, moves, pieces, gone: keys === undefined ? gone : [] }
}

/** An element without what is under it: that comes by itself. */
function bare(node: Node): string {
  return node.markup(html``, false).text
}
