import { diag } from '@opentelemetry/api'

/** Sends what has been recorded so far. */
export type Flush = () => Promise<void>

/** Runs a flush until it is done or the signal aborts. Never rejects: a collector that is down must not fail a shutdown. */
export async function flushUntil(flush: Flush, signal: AbortSignal | undefined): Promise<void> {
  const flushed = (async () => flush())().catch((error: unknown) => {
    diag.warn('@svc/otel: a flush failed', error)
  })
  if (signal === undefined) return flushed
  if (signal.aborted) return
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  const abort = (): void => resolve()
  signal.addEventListener('abort', abort)
  await Promise.race([flushed, aborted])
  signal.removeEventListener('abort', abort)
}

/** Makes a function that begins a flush in the background. Calls during one come to a single one after it. */
export function createBackgroundFlush(flush: Flush): () => void {
  let running = false
  let again = false
  async function run(): Promise<void> {
    running = true
    do {
      again = false
      await flushUntil(flush, undefined)
    } while (again)
    running = false
  }
  return () => {
    if (running) again = true
    else void run()
  }
}
