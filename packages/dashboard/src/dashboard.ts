import type { Awaitable, Exporter, ServiceEvent } from '@svc/core'
import { checkObject, checkOptionalFunction, checkString, createDiscretion } from '@svc/core/internal'
import { ICON, SCRIPT, STYLE } from './assets.ts'
import { checkOptions, type DashboardOptions } from './options.ts'

import { respondAsset, respondText } from './respond.ts'
import { createServicesPages } from './services/pages.ts'
import { createTracesPages } from './traces/pages.ts'

/** A Fetch handler. */
export type FetchHandler = (request: Request) => Awaitable<Response>

/** An exporter that draws what it observes. */
export interface Dashboard extends Exporter {
  observe(event: ServiceEvent): void
  /** Ends the streams of all open pages, so that they hold no server. They come back while there is one. */
  flush(): Promise<void>
  /**
   * Gives a handler that serves the pages and hands every other request to `next`; without that it answers with 404.
   * It never throws but for an argument that is no request; what `next` does is its own.
   */
  handler(next?: FetchHandler): FetchHandler
}

const ASSETS: ReadonlyMap<string, readonly [type: string, text: string]> = new Map([
  ['/debug/dashboard.css', ['text/css; charset=utf-8', STYLE]],
  ['/debug/dashboard.js', ['text/javascript; charset=utf-8', SCRIPT]],
  ['/debug/dashboard.svg', ['image/svg+xml', ICON]],
])

/**
 * Makes two pages of a program itself: `/`, the live tree of its services, and `/debug/traces`, the last traces. It is an
 * exporter, and draws what it is told as such; health comes from the snapshots of the health checkers that have told of
 * themselves, so that a page runs no check and consumes no error. What is removed is forgotten.
 *
 * - The pages are HTML of their own, without a framework, and work without their script; they load nothing from elsewhere.
 * - Links are relative: behind a proxy the pages may stand below any path that is taken off before they are asked.
 * - Names and messages are data: shown, never run, and a Content-Security-Policy says so too.
 *
 * @throws TypeError, RangeError for wrong options
 *
 * @example The pages beside the probes of a program
 * ```ts
 * const dashboard = createDashboard()
 * const scope = createScope({ exporters: [dashboard] })
 * const admin = createHttpService({ name: 'Admin', parent: scope, port: 9090, handler: dashboard.handler(probes) })
 * ```
 */
export function createDashboard(options: DashboardOptions = {}): Dashboard {
  checkOptions(options)
  const { title, details = 'always', maxTraces = 200, ticks, tasks, spans } = options
  const services = createServicesPages(title)
  const traces = createTracesPages({ title: () => services.program(), maxTraces, ticks, tasks, spans })
  const discretion = createDiscretion(details)

  async function answer(request: Request, url: URL): Promise<Response | undefined> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return respondText(request, 405, `Cannot ${request.method} this page: expected GET or HEAD\n`, {
        Allow: 'GET, HEAD',
      })
    }
    const asset = ASSETS.get(url.pathname)
    if (asset !== undefined) return respondAsset(request, ...asset)
    const mayAll = discretion.sees(request)
    return services.answer(request, url, mayAll) ?? (await traces.answer(request, url, mayAll))
  }

  return {
    observe: (event) => {
      try {
        services.observe(event)
      } finally {
        traces.observe(event)
      }
    },
    flush: async () => {
      services.end()
    },
    handler: (next) => {
      checkOptionalFunction(next, 'the next handler')
      return async (request) => {
        checkRequest(request)
        const url = new URL(request.url)
        let response: Response | undefined
        try {
          response = isOurs(url.pathname) ? await answer(request, url) : undefined
        } catch (error) {
          response = respondText(request, 500, `Cannot answer: ${discretion.reason(request, error)}\n`)
        }
        return response ?? (next === undefined ? notFound(request) : await next(request))
      }
    },
  }
}

/** What is below `/debug/traces` belongs to the traces, whatever it is. */
function isOurs(path: string): boolean {
  return path === '/' || path === '/debug/events' || ASSETS.has(path) || /^\/debug\/traces(?:$|\/)/.test(path)
}

function notFound(request: Request): Response {
  return respondText(request, 404, 'Cannot find this page: expected / or /debug/traces\n')
}

function checkRequest(request: Request): void {
  checkObject(request, 'the request')
  checkString(request.url, 'the property "url" of the request')
  checkString(request.method, 'the property "method" of the request')
}
