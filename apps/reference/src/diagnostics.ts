import { diag, DiagLogLevel } from '@opentelemetry/api'
import type { Logger } from '@svc/core'

/** A collector that is down says so at each export; one line a minute is enough. */
const AGAIN_AFTER_MS = 60_000

/** Puts what the telemetry itself has to complain of into the log. */
export function logDiagnostics(logger: Logger): void {
  let told = -Infinity
  let untold = 0
  const tell = (message: string, ...details: readonly unknown[]): void => {
    if (performance.now() - told < AGAIN_AFTER_MS) {
      untold++
      return
    }
    // The SDK rejects with a list where several exports failed
    const err = details.flat().find((it) => it instanceof Error)
    logger.warn({ problem: message, err, untold }, 'Spans do not reach their collector, or only in part')
    told = performance.now()
    untold = 0
  }
  const nothing = (): void => {}
  diag.setLogger(
    { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
