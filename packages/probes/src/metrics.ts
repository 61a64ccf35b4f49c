import { checkFunction, checkObject, checkString, show, startTimer } from '@svc/core/internal'
import { negotiate } from './accept.ts'
import { createReply, type Reply, TEXT } from './reply.ts'

/** A registry of metrics, of any client: what is read of it for `/metrics`. */
export interface MetricsSource {
  readonly contentType: string
  metrics(): Promise<string>
}

/** What a registry of a client can say about its metrics, so that one that fails can be named. */
interface Registry {
  readonly getMetricsAsArray?: () => readonly { readonly name: string; get(): unknown }[]
}

class TooSlow extends Error {}

/** How long is spent on finding out which metric has failed. */
const SEARCH_MS = 1000

/** For who does not say how long it waits: what Prometheus waits by default. */
const TIMEOUT_MS = 10_000

/** What is kept of the time, at most, to find out which metric hangs and to say so before the scraper has gone. */
const RESERVE_MS = 500

/** Gives the sources of the option, in their order. @throws TypeError or RangeError for what is none */
export function readMetrics(metrics: MetricsSource | readonly MetricsSource[]): readonly MetricsSource[] {
  checkObject(metrics, 'option "metrics"')
  if (!Array.isArray(metrics)) return [checkMetrics(metrics as MetricsSource, 'option "metrics"')]
  const sources = [...(metrics as readonly MetricsSource[])]
  if (sources.length === 0) {
    throw new RangeError('Cannot use option "metrics": expected a registry or a list of them, got an empty list')
  }
  for (const [i, source] of sources.entries()) checkMetrics(source, `item ${i} of option "metrics"`)
  return sources
}

function checkMetrics(source: MetricsSource, what: string): MetricsSource {
  checkObject(source, what)
  checkString(source.contentType, `the property "contentType" of ${what}`)
  checkFunction(source.metrics, `the method "metrics" of ${what}`)
  return source
}

/**
 * Collects from the source that is asked for, and answers before the scraper gives up. `reasonFor` gives as much of an
 * error as the client may see.
 */
export async function renderMetrics(
  sources: readonly MetricsSource[],
  request: Request,
  reasonFor: (error: unknown) => string,
): Promise<Reply> {
  const source = chosen(sources, request)
  const headers = sources.length > 1 ? { Vary: 'Accept' } : {}
  const timeout = timeoutOf(request)
  const reserve = Math.min(RESERVE_MS, timeout / 5)
  try {
    const text: unknown = await within(timeout - reserve, source.metrics())
    if (typeof text !== 'string') throw new TypeError(`The registry gave ${show(text)} instead of a string`)
    return createReply(200, source.contentType, text, headers)
  } catch (error) {
    const isSlow = error instanceof TooSlow
    const names = await failing(source, isSlow ? reserve / 2 : SEARCH_MS, isSlow)
    const what = [names.length === 1 ? 'the metric' : 'the metrics', names.map(show).join(', ')].join(' ').trimEnd()
    // The name that the error may put before its cause has just been said
    const reason = isSlow ? error.message : reasonFor(error instanceof Error ? (error.cause ?? error) : error)
    return createReply(500, TEXT, `Cannot collect ${what}: ${reason}\n`, headers)
  }
}

export function noMetrics(): Reply {
  return createReply(404, TEXT, 'Cannot find any metrics: these probes were made without a registry\n')
}

function chosen(sources: readonly MetricsSource[], request: Request): MetricsSource {
  const [first] = sources as readonly [MetricsSource]
  if (sources.length === 1) return first
  const types = sources.map(({ contentType }) => contentType) as [string, ...string[]]
  const type = negotiate(request.headers.get('accept'), types)
  return sources[types.indexOf(type)] ?? first
}

/** In milliseconds. Prometheus sends its own time-out, in seconds, with each scrape. */
function timeoutOf(request: Request): number {
  const seconds = Number(request.headers.get('X-Prometheus-Scrape-Timeout-Seconds') ?? Number.NaN)
  return seconds > 0 && seconds < Infinity ? seconds * 1000 : TIMEOUT_MS
}

/** The names of the metrics that cannot be collected, or hang, as far as the source can be asked. */
async function failing(source: object, ms: number, hanging: boolean): Promise<readonly string[]> {
  const failed: string[] = []
  const pending = new Set<{ readonly name: string }>()
  try {
    const metrics = (source as Registry).getMetricsAsArray?.() ?? []
    const search = metrics.map(async (metric) => {
      pending.add(metric)
      try {
        await metric.get()
      } catch {
        failed.push(metric.name)
      } finally {
        pending.delete(metric)
      }
    })
    await within(ms, Promise.all(search))
  } catch {
    // What has been found by now has to do
  }
  return hanging ? [...pending].map(({ name }) => name) : failed
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = startTimer(ms, () => {
      reject(new TooSlow(`no answer within ${Math.round(ms)} ms`))
    })
    Promise.resolve(work).then(resolve, reject).finally(cancel)
  })
}
