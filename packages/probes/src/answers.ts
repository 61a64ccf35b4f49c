import { negotiate } from './accept.ts'
import type { ProbeName } from './checks.ts'
import { FORMS, type HealthFormat, selectEntries } from './health-body.ts'
import { renderCheck, renderChecks } from './kube-text.ts'
import type { Page } from './page.ts'
import { createReply, type Reply, TEXT } from './reply.ts'

/** One request, and the page that it is answered from. */
export interface Asked {
  readonly page: Page
  readonly url: URL
  readonly request: Request
  /** Whether this client may see more than names and status. @throws what the user's function throws */
  readonly details: () => boolean
}

/** A probe, or one check of it. */
export function answerProbe(asked: Asked, probe: ProbeName, encodedName: string | undefined): Reply {
  const { page, url } = asked
  const checks = page.checks(probe)
  if (encodedName !== undefined) return answerCheck(asked, probe, encodedName)
  const query = url.searchParams
  const verbose = query.has('verbose') || (probe === 'readyz' && query.has('full'))
  const excluded = new Set(query.getAll('exclude'))
  // Only what fails has a reason to show or to withhold: a liveness probe that passes never depends on a user's function.
  const details = !checks.passed && asked.details()
  const render = (): Reply => renderChecks(probe, checks, { verbose, excluded, details })
  return excluded.size > 0 ? render() : page.reply(`${probe} ${verbose} ${details}`, render)
}

function answerCheck({ page, details }: Asked, probe: ProbeName, encodedName: string): Reply {
  const name = decode(encodedName)
  const error = name === undefined ? undefined : page.checks(probe).find(name)
  if (error === undefined)
    return createReply(404, TEXT, 'Cannot find this check: ?verbose lists those that there are\n')
  return renderCheck(error, error !== null && details())
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const BY_TYPE: Readonly<Record<string, HealthFormat>> = {
  'application/vnd.api+json': 'jsonapi',
  'application/json': 'json',
  'application/health+json': 'ietf',
  'text/html': 'html',
  'text/plain': 'text',
}
const OFFERS = Object.keys(BY_TYPE) as [string, ...string[]]

/** The health of everything, in the form that is asked for. */
export function answerHealth(asked: Asked, forced: HealthFormat | undefined, unhealthyStatus: number): Reply {
  const { page, url, request } = asked
  const wanted = url.searchParams.get('format')
  if (forced === undefined && wanted !== null && wanted !== 'spring') {
    return createReply(
      400,
      TEXT,
      'Cannot use the parameter "format": expected "spring", or none and an Accept header\n',
    )
  }
  const format = forced ?? (wanted === 'spring' ? 'spring' : formatFor(request))
  const failing = url.searchParams.has('failing')
  const details = asked.details()
  return page.reply(`health ${format} ${failing} ${details}`, () => {
    const { snapshot } = page
    const form = FORMS[format]
    const text = form.render({ snapshot, entries: selectEntries(snapshot.health, failing), details })
    return createReply(snapshot.healthy ? 200 : unhealthyStatus, form.type, text, { Vary: 'Accept', ...form.headers })
  })
}

function formatFor(request: Request): HealthFormat {
  return BY_TYPE[negotiate(request.headers.get('accept'), OFFERS)] ?? 'jsonapi'
}
