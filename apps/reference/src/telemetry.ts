import type { TracerProvider } from '@opentelemetry/api'
import type { Exporter } from '@svc/core'
import { otel } from '@svc/otel'
import type { Settings } from './settings.ts'

/** Where spans go. */
export interface Telemetry {
  readonly exporters: readonly Exporter[]
  /** `undefined` when no spans leave the process. */
  readonly tracerProvider: TracerProvider | undefined
}

/** Sets up the spans; nothing of the SDK is loaded when they go nowhere. */
export async function createTelemetry({ exportSpans }: Settings, version: string): Promise<Telemetry> {
  if (!exportSpans) return { exporters: [], tracerProvider: undefined }
  const { createTracerProvider } = await import('./otlp.ts')
  const tracerProvider = createTracerProvider(version)
  const flush = (): Promise<void> => tracerProvider.forceFlush()
  return { exporters: [otel({ tracerProvider, flush })], tracerProvider }
}
