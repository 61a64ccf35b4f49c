import type { TracerProvider } from '@opentelemetry/api'
import type { Exporter, Logger, Operation } from '@svc/core'
import { otel } from '@svc/otel'
import { logDiagnostics } from './diagnostics.ts'
import type { Settings } from './settings.ts'

/** Where spans go. */
export interface Telemetry {
  readonly exporters: readonly Exporter[]
  /** `undefined` when no spans leave the process. */
  readonly tracerProvider: TracerProvider | undefined
}

/** Sets up the spans; nothing of the SDK is loaded when they go nowhere. */
export async function createTelemetry({ exportSpans }: Settings, version: string, logger: Logger): Promise<Telemetry> {
  if (!exportSpans) return { exporters: [], tracerProvider: undefined }
  logDiagnostics(logger)
  const { createTracerProvider } = await import('./otlp.ts')
  const tracerProvider = createTracerProvider(version)
  const flush = (): Promise<void> => tracerProvider.forceFlush()
  return { exporters: [otel({ tracerProvider, flush, spanName })], tracerProvider }
}

/** Subscriptions come and go, and have ids for names: together they are one kind of span, and `svc.id` tells them apart. */
function spanName({ kind, scope, label }: Operation): string {
  const name = scope.name === '' ? label : scope.name
  return `${kind} ${scope.parent?.name === 'Deliveries' ? 'subscription' : name}`
}
