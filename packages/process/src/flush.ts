import type { RootScope } from '@svc/core'
import { startTimer } from '@svc/core/internal'
import { describeError } from './describe-error.ts'
import type { RunLog } from './run-log.ts'

/**
 * Sends what telemetry is left, for no longer than its budget: `false` when it had not ended by then. It is the last step,
 * and never fails a run.
 */
export async function flushTelemetry(scope: RootScope, flushMs: number, log: RunLog): Promise<boolean> {
  const budget = new AbortController()
  const { promise: over, resolve } = Promise.withResolvers<void>()
  let isInTime = true
  const cancel = startTimer(flushMs, () => {
    isInTime = false
    budget.abort(new Error(`The ${flushMs} ms for flushing telemetry have passed`))
    log.warn({}, `Cannot flush telemetry within ${flushMs} ms: what is left is lost`)
    resolve()
  })
  try {
    await Promise.race([scope.flush(budget.signal), over])
  } catch (error) {
    log.warn({ err: error }, `Cannot flush telemetry: ${describeError(error)}`)
  } finally {
    cancel()
  }
  return isInTime
}

/** Waits for a logger that can be flushed, as pino's, so that its last lines are not lost. */
export async function flushLogger(logger: object, flushMs: number): Promise<void> {
  const { flush } = logger as { readonly flush?: unknown }
  if (typeof flush !== 'function') return
  await new Promise<void>((resolve) => {
    const cancel = startTimer(flushMs, resolve)
    try {
      flush.call(logger, () => {
        cancel()
        resolve()
      })
    } catch {
      // A logger that cannot be flushed must not keep a program from ending.
      cancel()
      resolve()
    }
  })
}
