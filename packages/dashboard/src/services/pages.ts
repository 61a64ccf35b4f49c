import type { ServiceEvent } from '@svc/core'
import { now, rootOf } from '@svc/core/internal'
import type { Pages } from '../pages.ts'
import { respondHtml } from '../respond.ts'
import { Checkers } from './health.ts'
import { Live } from './live.ts'
import { drawPage } from './page.ts'
import { Services } from './services.ts'
import { Streams } from './streams.ts'
import { fillTimes } from './words.ts'

/** The page of the services, and what keeps it up to date. */
export interface ServicesPages extends Pages {
  /** What the program is called. */
  program(): string
  /** Ends the streams of all open pages. */
  end(): void
}

/** After this long without a reader what was drawn is forgotten. */
const KEPT_MS = 60_000

export function createServicesPages(title: string | undefined): ServicesPages {
  const services = new Services()
  const checkers = new Checkers()
  const streams = new Streams()
  const lives = new Map<boolean, { readonly live: Live; usedAt: number }>()
  let root = ''

  function program(): string {
    if (title !== undefined) return title
    if (root !== '') return root
    const [first] = checkers.read().readiness.keys()
    return first ?? services.largest() ?? ''
  }

  function liveFor(details: boolean): Live {
    let used = lives.get(details)
    if (used === undefined)
      lives.set(details, (used = { live: new Live(services, checkers, details, program), usedAt: 0 }))
    used.usedAt = performance.now()
    return used.live
  }

  function forgetUnused(): void {
    for (const [details, { live, usedAt }] of lives) {
      if (performance.now() - usedAt > KEPT_MS && !streams.uses(live)) lives.delete(details)
    }
  }

  function observe(event: ServiceEvent): void {
    services.observe(event)
    if (event.type === 'health') {
      if (root === '') root = rootOf(event.scope).id
      checkers.set(event.scope, event.source)
      forgetUnused()
    } else if (event.type === 'removed') {
      checkers.remove(event.scope)
      forgetUnused()
    } else if (event.type === 'state' && (event.state === 'Stopped' || event.state === 'StopFailed'))
      checkers.end(event.scope)
    streams.changed()
  }

  function answer(request: Request, url: URL, details: boolean): Response | undefined {
    if (url.pathname === '/debug/events') {
      const known = request.headers.get('last-event-id') ?? url.searchParams.get('from')
      return streams.open(request, liveFor(details), known)
    }
    if (url.pathname !== '/') return undefined
    const live = liveFor(details)
    live.refresh(Infinity)
    const { searchParams } = url
    const search = { text: (searchParams.get('search') ?? '').slice(0, 300), only: searchParams.has('only') }
    const at = now()
    return respondHtml(request, fillTimes(drawPage(live, program(), search, at), at))
  }

  return { observe, answer, program, end: () => streams.end() }
}
