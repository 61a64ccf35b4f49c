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
 * Collects from the source that is asked for, for no longer than the scraper says that it waits. `reasonFor` gives as much
 * of an error as the client may see.
 */
export async function renderMetrics(
  sources: readonly MetricsSource[],
  request: Request,
  reasonFor: (error: unknown) => string,
): Promise<Reply> {
  const source = chosen(sources, request)
  const headers = sources.length > 1 ? { Vary: 'Accept' } : {}
  try {
    const text: unknown = await within(timeoutOf(request), source.metrics())
    if (typeof text !== 'string') throw new TypeError(`The registry gave ${show(text)} instead of a string`)
    return createReply(200, source.contentType, text, headers)
  } catch (error) {
    // Once the scraper has given up there is nobody to tell
    const names = error instanceof TooSlow ? [] : await failing(source)
    const what = [names.length === 1 ? 'the metric' : 'the metrics', names.map(show).join(', ')].join(' ').trimEnd()
    // The name that the error may put before its cause has just been said
    const reason = reasonFor(error instanceof Error ? (error.cause ?? error) : error)
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
function timeoutOf(request: Request): number | undefined {
  const seconds = Number(request.headers.get('X-Prometheus-Scrape-Timeout-Seconds') ?? Number.NaN)
  return seconds > 0 && seconds < Infinity ? seconds * 1000 : undefined
}

/** The names of the metrics that cannot be collected, as far as the source can be asked. */
async function failing(source: object): Promise<readonly string[]> {
  const names: string[] = []
  try {
    const metrics = (source as Registry).getMetricsAsArray?.() ?? []
    const search = metrics.map(async (metric) => {
      try {
        await metric.get()
      } catch {
        names.push(metric.name)
      }
    })
    await within(SEARCH_MS, Promise.all(search))
  } catch {
    // What has been found by now has to do
  }
  return names
}

function within<T>(ms: number | undefined, work: Promise<T>): Promise<T> {
  if (ms === undefined) return work
  return new Promise((resolve, reject) => {
    const cancel = startTimer(ms, () => {
      reject(new TooSlow(`The registry took longer than the ${ms} ms that the scraper waits`))
    })
    Promise.resolve(work).then(resolve, reject).finally(cancel)
  })
}
