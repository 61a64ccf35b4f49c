import { context, type TracerProvider } from '@opentelemetry/api'
import type { Exporter, Logger, SpanSource } from '@svc/core'
import { otel, type OtelOptions } from '@svc/otel'
import { contextOf } from './delivery/trace.ts'
import { logDiagnostics } from './diagnostics.ts'
import type { ProgramVersion } from './otlp.ts'
import type { TelemetrySettings } from './telemetry-settings.ts'

/** A collector that hangs delays the end by two seconds at most, of which the end of the process itself takes a little. */
export const FLUSH_MS = 1_800

/** Where spans go. */
export interface Telemetry {
  readonly exporters: readonly Exporter[]
  /** `undefined` when no spans leave the process. */
  readonly tracerProvider: TracerProvider | undefined
  /** Names the spans to metrics and pages; `undefined` as well then. */
  readonly spans: SpanSource | undefined
  /** Begins the start of the program as a part of the trace that its environment names, where it names one. */
  within<T>(start: () => T): T
}

/** Sets up the spans; nothing of the SDK is loaded when they go nowhere. */
export async function createTelemetry(
  settings: TelemetrySettings,
  version: ProgramVersion,
  logger: Logger,
): Promise<Telemetry> {
  const { exportSpans, ticks, tasks, exceptions, traceparent } = settings
  if (!exportSpans) return { exporters: [], tracerProvider: undefined, spans: undefined, within: (start) => start() }
  logDiagnostics(logger)
  const { createSpanPipeline, registerContextManager } = await import('./otlp.ts')
  registerContextManager()
  const { tracerProvider, flush } = createSpanPipeline(settings, version)
  const exporter = otel({ tracerProvider, flush, spanName, ticks, tasks, exceptions })
  return {
    exporters: [exporter],
    tracerProvider,
    spans: exporter,
    within: (start) => (traceparent === undefined ? start() : context.with(contextOf(traceparent), start)),
  }
}

/** Subscriptions come and go, and have ids for names: together they are one kind of span, and `svc.id` tells them apart. */
const spanName: OtelOptions['spanName'] = ({ kind, scope }) =>
  kind !== 'task' && scope.parent?.name === 'Deliveries' ? `${kind} subscription` : undefined
