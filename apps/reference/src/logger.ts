import { traceFields } from '@svc/otel'
import { pino, destination, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Settings } from './settings.ts'

/**
 * Makes the logger: JSON lines, pretty on a terminal. Each line is written before the call returns, so none is lost. One
 * that is written inside a span names it.
 */
export function createLogger({ logLevel, telemetry }: Settings): Logger {
  const options = { level: logLevel, base: null, ...(telemetry.exportSpans ? { mixin: traceFields } : {}) }
  if (!process.stdout.isTTY) return pino(options, destination({ dest: 1, sync: true }))
  const messageFormat = '{if service}{service}: {end}{msg}'
  return pino(options, pretty({ sync: true, hideObject: true, messageFormat, translateTime: 'HH:MM:ss.l' }))
}
