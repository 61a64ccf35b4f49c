import { checkObject, checkString, createDiscretion } from '@svc/core/internal'
import { answerHealth, answerProbe } from './answers.ts'
import type { ProbeName } from './checks.ts'
import { noMetrics, readMetrics, renderMetrics } from './metrics.ts'
import { checkOptions, type ProbesOptions } from './options.ts'
import { createPages, type Page } from './page.ts'
import { createReply, type Reply, respond, TEXT } from './reply.ts'

/** A Fetch handler. It never rejects but for an argument that is no request. */
export type Probes = (request: Request) => Promise<Response>

const PROBES: ReadonlySet<string> = new Set<ProbeName>(['livez', 'readyz', 'startupz'])

/**
 * Makes the handler of a program's probes: `/livez`, `/readyz`, `/startupz`, `/health`, `/health.txt` and `/metrics`.
 * All are answered from the source's snapshot, whatever the number of services; bodies are kept by its revision.
 *
 * - `/livez` is 200 as long as no root (what is registered with the source) is `StartFailed` or `StopFailed`; it has
 *   nothing to do with health, and stays while draining.
 * - `/readyz` is 200 while everything is ready and the program is not draining; `/startupz` once everything was.
 * - `/livez/NAME` and so on is one check: `ping`, `shutdown` and `startup`, or a service by its full name, percent-encoded.
 *   `?verbose` lists the checks (on `/readyz` also `?full`), `?exclude=NAME` leaves one out, and can be repeated.
 * - `/health` is 200 while everything is healthy, by `Accept` as JSON:API, `application/health+json`, HTML or text, with
 *   `?format=spring` as Spring Boot Actuator does; `?failing` shows only what fails.
 * - `/metrics` is 500 where a metric cannot be collected, and names it.
 *
 * `Connection: close` while draining is left to the server, which knows whether its protocol has such a header.
 *
 * @throws TypeError or RangeError for an option that cannot be used.
 *
 * @example Probes on a listener of their own
 * ```ts
 * const probes = createProbes({ source: checker, draining: scope.draining, metrics: registry })
 * const admin = createHttpService({ name: 'Admin', parent: scope, port: 9090, handler: probes })
 * ```
 */
export function createProbes(options: ProbesOptions): Probes {
  checkObject(options, 'the options')
  const { source, draining, metrics, details = 'never', unhealthyStatus = 503 } = options
  checkOptions({ source, draining, details, unhealthyStatus })
  const registries = metrics === undefined ? undefined : readMetrics(metrics)
  const pages = createPages(draining)
  const discretion = createDiscretion(details)

  async function answer(request: Request): Promise<Reply> {
    const url = new URL(request.url)
    const route = routeOf(url.pathname)
    if (route === undefined) return notFound()
    if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed(request.method)
    if (route.page === 'metrics') {
      if (registries === undefined) return noMetrics()
      return await renderMetrics(registries, request, (error) => discretion.reason(request, error))
    }
    const page: Page = pages(source.snapshot())
    const asked = { page, url, request, details: () => discretion.sees(request) }
    if (route.page === 'health') return answerHealth(asked, route.format, unhealthyStatus)
    return answerProbe(asked, route.page, route.check)
  }

  async function handle(request: Request): Promise<Response> {
    checkRequest(request)
    try {
      return respond(await answer(request), request.method)
    } catch (error) {
      return respond(createReply(500, TEXT, `Cannot answer: ${discretion.reason(request, error)}\n`), request.method)
    }
  }
  return handle
}

type Route =
  | { readonly page: 'metrics' }
  | { readonly page: 'health'; readonly format: 'text' | undefined }
  | { readonly page: ProbeName; readonly check: string | undefined }

function routeOf(pathname: string): Route | undefined {
  if (pathname === '/metrics') return { page: 'metrics' }
  if (pathname === '/health') return { page: 'health', format: undefined }
  if (pathname === '/health.txt') return { page: 'health', format: 'text' }
  const slash = pathname.indexOf('/', 1)
  const probe = pathname.slice(1, slash === -1 ? undefined : slash)
  if (!PROBES.has(probe)) return undefined
  return { page: probe as ProbeName, check: slash === -1 ? undefined : pathname.slice(slash + 1) }
}

function notFound(): Reply {
  const known = '/livez, /readyz, /startupz, /health, /health.txt or /metrics'
  return createReply(404, TEXT, `Cannot find this page: expected ${known}\n`)
}

function notAllowed(method: string): Reply {
  return createReply(405, TEXT, `Cannot ${method} this page: expected GET or HEAD\n`, { Allow: 'GET, HEAD' })
}

function checkRequest(request: Request): void {
  checkObject(request, 'the request')
  checkString(request.url, 'the property "url" of the request')
  checkString(request.method, 'the property "method" of the request')
}
