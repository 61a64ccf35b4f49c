import { startTimer } from '@svc/core/internal'
import { createReply, type Reply, TEXT } from './reply.ts'

/** A registry of metrics, of any client: what is read of it for `/metrics`. */
export interface MetricsSource {
  readonly contentType: string
  metrics(): Promise<string>
}

/** Collects, for no longer than the scraper says that it waits. @throws whatever the registry throws */
export async function renderMetrics(source: MetricsSource, request: Request): Promise<Reply> {
  const text: unknown = await within(timeoutOf(request), source.metrics())
  if (typeof text !== 'string') throw new TypeError('The registry did not give a string')
  return createReply(200, source.contentType, text)
}

export function noMetrics(): Reply {
  return createReply(404, TEXT, 'Cannot find any metrics: these probes were made without a registry\n')
}

/** In milliseconds. Prometheus sends its own time-out, in seconds, with each scrape. */
function timeoutOf(request: Request): number | undefined {
  const seconds = Number(request.headers.get('X-Prometheus-Scrape-Timeout-Seconds') ?? Number.NaN)
  return seconds > 0 && seconds < Infinity ? seconds * 1000 : undefined
}

function within<T>(ms: number | undefined, work: Promise<T>): Promise<T> {
  if (ms === undefined) return work
  return new Promise((resolve, reject) => {
    const cancel = startTimer(ms, () => {
      reject(new Error(`The registry took longer than the ${ms} ms that the scraper waits`))
    })
    Promise.resolve(work).then(resolve, reject).finally(cancel)
  })
}
