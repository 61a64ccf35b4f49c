import { now } from '@svc/core/internal'
import type { SpanSource } from '@svc/core'
import type { Pages } from '../pages.ts'
import { html } from '../html.ts'
import { page } from '../layout.ts'
import { respond, respondHtml, respondText } from '../respond.ts'
import { applyFilter, readFilter } from './filter.ts'
import { traceIdOf } from './ids.ts'
import { toJaeger } from './jaeger.ts'
import { createLinks } from './links.ts'
import { listPage } from './list-page.ts'
import { rootOf, type Trace } from './model.ts'
import type { Recorded } from './operation-traces.ts'
import { createRecorder } from './recorder.ts'
import { tracePage } from './trace-page.ts'

export interface TracesPagesOptions {
  /** Tells what the program is called; the name of the outermost service where that is nothing. */
  readonly title?: (() => string) | undefined
  /** How many traces are kept; 200 by default. */
  readonly maxTraces?: number | undefined
  /** Which ticks are traces; `'errors'` by default. */
  readonly ticks?: Recorded | undefined
  /** Which tasks are traces; `'errors'` by default. */
  readonly tasks?: Recorded | undefined
  readonly spans?: SpanSource | undefined
}

const PATH = /^\/debug\/traces(?:\/([^/]+?)(\/jaeger\.json)?)?$/
const FILE = 'jaeger.json'

/** The pages below `/debug/traces`: the list, each trace, and both as files for Jaeger. */
export function createTracesPages(options: TracesPagesOptions = {}): Pages {
  const { title, maxTraces = 200, ticks = 'errors', tasks = 'errors', spans } = options
  const recorder = createRecorder({ maxTraces, ticks, tasks, spans })

  function answer(request: Request, url: URL, details: boolean): Response | undefined {
    if (url.pathname === '/debug/traces/')
      return respondText(request, 308, 'Moved\n', { Location: `../traces${url.search}` })
    const match = PATH.exec(url.pathname)
    if (match === null) return undefined
    const [, id, file] = match
    const traces = recorder.traces()
    const program = title?.() || programOf(traces)
    const at = now()
    if (id === undefined || (id === FILE && file === undefined)) {
      const filter = readFilter(url)
      if (id === undefined) {
        const { dropped } = recorder
        return respondHtml(request, listPage({ program, traces, dropped, filter, now: at, details }))
      }
      return download(request, applyFilter(traces, filter), 'traces.json')
    }
    const trace = find(traces, id)
    if (trace === undefined) return missing(request, program, file)
    if (file !== undefined) return download(request, [trace], `trace-${traceIdOf(trace)}.json`)
    const links = createLinks(traces)
    const all = url.searchParams.has('all')
    return respondHtml(request, tracePage({ program, trace, links, all, now: at, details }))

    function download(request: Request, chosen: readonly Trace[], name: string): Response {
      const links = createLinks(traces)
      const body = toJaeger(chosen, { program: program || 'program', links, now: at, details })
      const headers = { 'Content-Disposition': `attachment; filename="${name}"` }
      return respond(request, 200, 'application/json; charset=utf-8', JSON.stringify(body), headers)
    }
  }

  return { observe: recorder.observe, answer }
}

/** By its own id, or by that of OpenTelemetry, as a log line has it. */
function find(traces: readonly Trace[], id: string): Trace | undefined {
  return traces.find((it) => it.id === id) ?? traces.findLast((it) => traceIdOf(it) === id.toLowerCase())
}

function missing(request: Request, program: string, file: string | undefined): Response {
  if (file !== undefined) return respondText(request, 404, 'This trace is not kept any more\n')
  const main = html`<h1>Not here</h1>
    <p>There is no such trace, or it is not kept any more. <a href="../traces">Those that are</a></p>`
  return respondHtml(request, page({ title: 'Not here', program, current: 'traces', root: '../../', main }), 404)
}

/** The outermost service with most below it, which is the program rather than what is around it. */
function programOf(traces: readonly Trace[]): string {
  let found = ''
  let most = 0
  for (const trace of traces) {
    if (trace.kind !== 'start' || !trace.isOutermost || trace.spans.length < most) continue
    found = rootOf(trace).name
    most = trace.spans.length
  }
  return found
}
