import { age } from '../age.ts'

// Keeps the page of the services up to date, and searches it. Without it the page is whole, and stays as it was sent.

/** As src/services/frame.ts has it. One that has nothing but a time says that the program is there. */
interface Frame {
  readonly at: number
  readonly title?: string
  readonly keys?: readonly string[]
  readonly nodes?: readonly (readonly [key: string, list: string, after: string, markup: string])[]
  readonly moves?: readonly (readonly [key: string, list: string, after: string])[]
  readonly pieces?: readonly (readonly [id: string, markup: string, level: string])[]
  readonly gone?: readonly string[]
}

/** The program says something every 5 s. */
const SILENCE_MS = 16_000
const RETRY_MS = 5000

const byId = (id: string): HTMLElement | null => document.getElementById(id)
const tree = byId('tree')
if (tree !== null) followServices(tree)

function followServices(tree: HTMLElement): void {
  const link = byId('link') as HTMLElement
  const search = byId('search') as HTMLInputElement
  const only = byId('only') as HTMLInputElement
  let known = tree.dataset['known'] ?? ''
  let ahead = Number(tree.dataset['now']) - Date.now()
  let heardAt = Date.now()
  let title = document.title
  let source: EventSource | undefined
  let isLost = false
  /** What the search has unfolded, to be folded again after it. */
  const unfolded = new Set<HTMLDetailsElement>()

  function connect(): void {
    source?.close()
    source = new EventSource(`debug/events?from=${encodeURIComponent(known)}`)
    source.addEventListener('message', ({ data, lastEventId }: MessageEvent<string>) => {
      known = lastEventId
      heardAt = Date.now()
      const frame = JSON.parse(data) as Frame
      ahead = frame.at - heardAt
      setLost(false)
      if (frame.pieces !== undefined) apply(frame)
    })
    source.addEventListener('error', () => {
      setLost(true)
      // A refusal is final for the browser; a connection that broke it makes again by itself.
      if (source?.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS)
    })
  }

  function setLost(lost: boolean): void {
    if (lost === isLost) return
    isLost = lost
    document.body.classList.toggle('old', lost)
    link.hidden = !lost
    const then = new Date(heardAt + ahead).toISOString().slice(11, 19)
    link.textContent = lost
      ? `Connection lost. What is shown here is old, from ${then} UTC. The page tries to connect again.`
      : ''
    document.title = lost ? `Connection lost · ${title}` : title
  }

  function apply(frame: Frame): void {
    const focused = document.activeElement
    const branch = focused?.closest('.node')?.id
    if (frame.keys !== undefined) removeOthers(new Set(frame.keys))
    for (const [key, list, after, markup] of frame.nodes ?? []) place(renew(key, markup), list, after)
    for (const [key, list, after] of frame.moves ?? []) place(byId(key), list, after)
    for (const [id, markup, level] of frame.pieces ?? []) replace(id, markup, level)
    for (const key of frame.gone ?? []) byId(key)?.remove()
    if (frame.title !== undefined) document.title = title = frame.title
    tellTimes()
    if (search.value !== '' || only.checked) filter()
    if (focused === document.activeElement || branch === undefined) return
    const again = focused?.isConnected === true ? focused : byId(branch)?.querySelector('summary, a')
    if (again instanceof HTMLElement) again.focus({ preventScroll: true })
  }

  function removeOthers(keys: ReadonlySet<string>): void {
    for (const element of document.querySelectorAll('.node')) if (!keys.has(element.id)) element.remove()
  }

  function place(element: Element | null, listId: string, after: string): void {
    const list = byId(listId)
    if (element === null || list === null) return
    const before = after === '' ? null : byId(after)
    const next = before?.parentElement === list ? before.nextElementSibling : list.firstElementChild
    if (next !== element) list.insertBefore(element, next)
  }

  /** Makes an element; what the reader has done to the one before it stays. */
  function renew(key: string, markup: string): HTMLElement {
    const template = document.createElement('template')
    template.innerHTML = markup
    const made = template.content.firstElementChild as HTMLElement
    const old = byId(key)
    if (old === null) return made
    made.hidden = old.hidden
    const details = made.querySelector('details')
    const before = old.querySelector<HTMLDetailsElement>(':scope > details')
    if (details !== null && before !== null) {
      details.open = before.open
      if (unfolded.delete(before)) unfolded.add(details)
      details.querySelector('ul')?.append(...(before.querySelector('ul')?.children ?? []))
    }
    old.replaceWith(made)
    return made
  }

  function replace(id: string, markup: string, level: string): void {
    const element = byId(id)
    if (element === null) return
    element.innerHTML = markup
    const node = element.closest<HTMLElement>('.node')
    if (node !== null) node.dataset['level'] = level
  }

  /** What is shown of a program that is gone is of then, its ages as well. */
  function tellTimes(): void {
    if (isLost) return
    const now = Date.now() + ahead
    for (const time of document.querySelectorAll<HTMLElement>('time[data-at]')) {
      const text = age(now - Number(time.dataset['at']))
      if (time.textContent !== text) time.textContent = text
    }
  }

  /** Shows what matches, and what that stands under. Names, states and messages count, what is in flight does not. */
  function filter(): number {
    const words = search.value.trim().toLowerCase()
    const rows = [...tree.querySelectorAll<HTMLElement>('.service')]
    let number = 0
    for (const row of rows.toReversed()) {
      const { level, id = '' } = row.dataset
      const isWanted = !only.checked || level === 'bad' || level === 'wait'
      const text = `${id} ${byId(`${row.id}-b`)?.textContent} ${byId(`${row.id}-s`)?.textContent} ${byId(`${row.id}-m`)?.textContent}`
      const matches = isWanted && (words === '' || text.toLowerCase().includes(words))
      if (matches) number++
      const isHidden = !matches && row.querySelector('.service:not([hidden])') === null
      if (row.hidden !== isHidden) row.hidden = isHidden
    }
    byId('none')?.toggleAttribute('hidden', number > 0 || rows.length === 0)
    return number
  }

  function searchAgain(): void {
    const number = filter()
    const isActive = search.value.trim() !== '' || only.checked
    const found = byId('found')
    if (found !== null) found.textContent = isActive ? `${number} found` : ''
    if (isActive) {
      for (const details of tree.querySelectorAll<HTMLDetailsElement>('.service:not([hidden]) > details:not([open])')) {
        details.open = true
        unfolded.add(details)
      }
    } else {
      for (const details of unfolded) details.open = false
      unfolded.clear()
    }
    const url = new URL(location.href)
    url.search = new URLSearchParams({
      ...(search.value !== '' && { search: search.value }),
      ...(only.checked && { only: '1' }),
    }).toString()
    history.replaceState(null, '', url)
  }

  function foldAll(open: boolean): void {
    unfolded.clear()
    for (const details of tree.querySelectorAll('details')) details.open = open
  }

  /** A link from the list of what is wrong leads to a row that can be seen. */
  function reveal(event: MouseEvent): void {
    const anchor = event.target instanceof Element ? event.target.closest('#problems a') : null
    const row = byId(anchor?.getAttribute('href')?.slice(1) ?? '')
    if (row === null) return
    if (row.closest('[hidden]') !== null) {
      search.value = ''
      only.checked = false
      searchAgain()
    }
    for (let at = row.parentElement; at !== null; at = at.parentElement)
      if (at instanceof HTMLDetailsElement) at.open = true
  }

  search.addEventListener('input', searchAgain)
  only.addEventListener('change', searchAgain)
  search.form?.addEventListener('submit', (event) => {
    event.preventDefault()
  })
  byId('open')?.addEventListener('click', () => {
    foldAll(true)
  })
  byId('shut')?.addEventListener('click', () => {
    foldAll(false)
  })
  byId('buttons')?.removeAttribute('hidden')
  byId('problems')?.addEventListener('click', reveal)
  setInterval(() => {
    tellTimes()
    if (Date.now() - heardAt > SILENCE_MS) {
      heardAt = Date.now()
      setLost(true)
      connect()
    }
  }, 1000)
  connect()
}
