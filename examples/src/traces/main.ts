import { randomUUID } from 'node:crypto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createScope } from '@svc/core'
import { createService } from '@svc/engine'
import { otel } from '@svc/otel'
import { runService } from '@svc/process'

// From here
const exporter = new OTLPTraceExporter({ timeoutMillis: 2_000 })
const tracerProvider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'pool', 'service.instance.id': randomUUID() }),
  spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: 2_000 })],
})
const traces = otel({ tracerProvider, flush: () => tracerProvider.forceFlush(), ticks: 'errors', tasks: 'errors' })
// to here

const scope = createScope({ logger: console, exporters: [traces] })
const service = createService({
  name: 'Pool',
  parent: scope,
  subServices: (engine) => [createService({ name: 'Connections', parent: engine })],
})
await runService(service, { scope })
