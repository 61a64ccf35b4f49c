import { escapeHtml, html, Html } from '../html.ts'
import { page } from '../layout.ts'
import type { Live } from './live.ts'
import type { Node } from './node.ts'
import { clock } from './words.ts'

/** What was searched for. */
export interface Search {
  readonly text: string
  /** Only what is not well. */
  readonly only: boolean
}

/** From this number on what is not in sight is not laid out; with fewer a picture of the whole page is whole. */
const MANY = 400

/** The page of the services, whole, as a reader without the script sees it. */
export function drawPage(live: Live, program: string, search: Search, at: number): Html {
  const lists = new Map<string, Node[]>()
  for (const node of live.view.nodes.values()) {
    const list = lists.get(node.list)
    if (list === undefined) lists.set(node.list, [node])
    else list.push(node)
  }
  const found = search.text === '' && !search.only ? undefined : findNodes(live.view.nodes.values(), lists, search)
  const draw = (list: string): Html =>
    new Html((lists.get(list) ?? []).map((node) => drawNode(node, draw, found).text).join(''))
  const head = live.view.nodes.get('head')
  const [headline, facts] = (head?.pieces ?? []).map((piece) => new Html(piece.html))
  const main = html` <div class="node head panel" id="head" data-level="${head?.level}">
      <h1 id="head-s" aria-live="polite">${headline}</h1>
      <ul class="brief" id="head-m">
        ${facts}
      </ul>
    </div>
    <p class="link" id="link" role="status" hidden></p>
    <noscript
      ><p class="plain">
        As of ${clock(at, at)}. This page does not follow by itself without its script: <a href="">reload it</a>.
      </p></noscript
    >
    <section class="problems" aria-labelledby="problems-title">
      <h2 id="problems-title">Not well</h2>
      <ul id="problems">
        ${draw('problems')}
      </ul>
    </section>
    <section aria-labelledby="tree-title">
      <div class="tools">
        <h2 id="tree-title">Services</h2>
        <form role="search" method="get" action="">
          <label class="unseen" for="search">Search by name, state or message</label>
          <input
            id="search"
            name="search"
            type="search"
            value="${search.text}"
            placeholder="Name, state or message"
            autocomplete="off"
            spellcheck="false"
            maxlength="300"
          />
          <label class="only"
            ><input id="only" name="only" type="checkbox" value="1" ${search.only && html` checked`} /> Only what is not
            well</label
          >
          <noscript><button>Show</button></noscript>
          <span class="buttons" id="buttons" hidden
            ><button type="button" id="open">Unfold all</button><button type="button" id="shut">Fold all</button></span
          >
        </form>
      </div>
      <p class="unseen" id="found" role="status"></p>
      <p class="none" id="none" ${(found === undefined || found.size > 0) && html` hidden`}>Nothing matches.</p>
      <ul
        id="tree"
        class="panel tree${live.view.nodes.size > MANY && ' many'}"
        data-known="${live.epoch}.${live.view.revision}"
        data-now="${Math.round(at)}"
      >
        ${draw('tree')}
      </ul>
      <p class="note muted">Times of the day are UTC.</p>
    </section>`
  return page({ title: live.headline, program, current: 'services', root: './', main })
}

function drawNode(node: Node, draw: (list: string) => Html, found: ReadonlySet<Node> | undefined): Html {
  const inside = node.shape === 'branch' ? draw(`${node.key}-c`) : html``
  const isHidden = found !== undefined && node.shape !== 'card' && !found.has(node)
  return node.markup(inside, isHidden, node.isOpen || found?.has(node) === true)
}

/** What matches, and what it stands under. */
function findNodes(
  nodes: Iterable<Node>,
  lists: ReadonlyMap<string, readonly Node[]>,
  { text, only }: Search,
): ReadonlySet<Node> {
  const found = new Set<Node>()
  const wanted = escapeHtml(text.trim()).toLowerCase()
  // From the end, so that each comes after all that is under it.
  for (const node of [...nodes].toReversed()) {
    if (node.shape === 'card') continue
    const matches = (!only || node.level === 'bad' || node.level === 'wait') && textOf(node).includes(wanted)
    const below = lists.get(`${node.key}-c`) ?? []
    if (matches || below.some((child) => found.has(child))) found.add(node)
  }
  return found
}

/** The words of an element, escaped as the search is. */
function textOf({ id, pieces }: Node): string {
  const words = pieces.map((piece) => piece.html.replaceAll(/<[^>]*>/g, ''))
  return [escapeHtml(id), ...words].join(' ').toLowerCase()
}
