import { randomUUID } from 'node:crypto'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { TelemetrySettings } from './telemetry-settings.ts'

/** What the exporter has under way at once, in normal times; OpenTelemetry's own default. */
const CONCURRENCY = 30

/** What the spans say of the program that they come from. */
export interface ProgramVersion {
  readonly version: string
  readonly commit: string | undefined
}

/** Spans on their way to a collector. */
export interface SpanPipeline {
  readonly tracerProvider: TracerProvider
  /** Sends what there is, and waits for all that is under way. */
  flush(): Promise<void>
}

/** Makes spans that go to a collector over OTLP; the standard `OTEL_*` say to which, and what the program is called. */
export function createSpanPipeline(settings: TelemetrySettings, { version, commit }: ProgramVersion): SpanPipeline {
  const { exportTimeoutMs, scheduleDelayMs, maxQueueSize, maxBatchSize } = settings
  const own = resourceFromAttributes({
    'service.name': 'relay',
    'service.version': version,
    'service.instance.id': randomUUID(),
    ...(commit === undefined ? {} : { 'vcs.ref.head.revision': commit }),
  })
  const fromEnvironment = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  const exporter = new OTLPTraceExporter({
    timeoutMillis: exportTimeoutMs,
    // A flush sends the whole queue at once, and what is beyond the limit would be dropped
    concurrencyLimit: CONCURRENCY + Math.ceil(maxQueueSize / maxBatchSize),
  })
  const processor = new BatchSpanProcessor({
    exporter,
    exportTimeoutMillis: exportTimeoutMs,
    scheduledDelayMillis: scheduleDelayMs,
    maxQueueSize,
    maxExportBatchSize: maxBatchSize,
  })
  const tracerProvider = new TracerProvider({
    resource: own.merge(fromEnvironment),
    sampler: samplerOf(settings),
    spanProcessors: [processor],
  })
  return {
    tracerProvider,
    flush: async () => {
      // A flush of the provider sends what waits, and does not wait for what had been sent before
      const [flushed] = await Promise.allSettled([tracerProvider.forceFlush(), exporter.forceFlush()])
      if (flushed.status === 'rejected') throw flushed.reason
    },
  }
}

/** Has each line of the log that is written inside a span know that span. */
export function registerContextManager(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

/** The samplers that the specification names, which SDK 3 leaves to the program. */
function samplerOf({ sampler, samplerRatio }: TelemetrySettings): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio)
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() })
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) })
  }
}
