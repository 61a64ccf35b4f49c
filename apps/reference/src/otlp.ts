import { randomUUID } from 'node:crypto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

/** A collector that is down may delay the end by no more than this. */
const EXPORT_TIMEOUT_MS = 2_000

/** Makes spans that go to a collector over OTLP; the standard `OTEL_*` say to which, and what the program is called. */
export function createTracerProvider(version: string): TracerProvider {
  const own = resourceFromAttributes({
    'service.name': 'relay',
    'service.version': version,
    'service.instance.id': randomUUID(),
  })
  const fromEnvironment = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  const exporter = new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MS })
  return new TracerProvider({
    resource: own.merge(fromEnvironment),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_TIMEOUT_MS })],
  })
}
