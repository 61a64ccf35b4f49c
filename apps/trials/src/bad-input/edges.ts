import * as dashboards from '@svc/dashboard'
import { createService } from '@svc/engine'
import * as otel from '@svc/otel'
import * as probes from '@svc/probes'
import * as process from '@svc/process'
import * as prometheus from '@svc/prometheus'
import * as testing from '@svc/testing'
import type { TestScope } from '@svc/testing'
import { checker, scope } from './services.ts'
import type { Methods, Rows, Slot } from './slots.ts'

const fn = (): void => {}
const service = createService({ name: 'Edge', parent: scope })
const registry = { registerMetric: fn, removeSingleMetric: fn }
const probe = { source: checker, draining: scope.draining }
const meter = {} as NonNullable<otel.OtelOptions['meter']>

export const OTEL: Rows<typeof otel> = {
  otel: [
    ['options', 'options', (it) => otel.otel(it)],
    ['tracerProvider', 'options', (tracerProvider) => otel.otel({ tracerProvider })],
    ['getTracer', 'function', (getTracer) => otel.otel({ tracerProvider: { getTracer } })],
    ['ticks', 'optional choice', (ticks) => otel.otel({ ticks })],
    ['tasks', 'optional choice', (tasks) => otel.otel({ tasks })],
    ['traceMode', 'optional choice', (traceMode) => otel.otel({ traceMode })],
    ['exceptions', 'optional choice', (exceptions) => otel.otel({ exceptions })],
    ['spanName', 'optional function', (spanName) => otel.otel({ spanName })],
    ['logEvents', 'optional boolean', (logEvents) => otel.otel({ logEvents })],
    ['meter', 'options', (meter) => otel.otel({ meter })],
    ['createHistogram', 'function', (createHistogram) => otel.otel({ meter: { ...meter, createHistogram } })],
    ['maxServices', 'optional positive count', (maxServices) => otel.otel({ maxServices })],
    ['flush', 'optional function', (flush) => otel.otel({ flush })],
  ],
  exceptionSignal: [['exception signal', 'optional string', (it) => otel.exceptionSignal(it)]],
  traceFields: [],
  withTraceFields: [
    ['logger', 'object', (it) => otel.withTraceFields(it)],
    ['warn', 'function', (warn) => otel.withTraceFields({ debug: fn, info: fn, warn, error: fn })],
  ],
}

const traced = otel.otel()

/** `observe` and `activate` are called by core alone. */
export const OTEL_EXPORTER: Pick<Methods<Required<otel.OtelExporter>>, 'flush' | 'spanOf'> = {
  flush: [['signal', 'optional signal', (it) => traced.flush?.(it)]],
  spanOf: [['subject', 'object', (it) => traced.spanOf(it)]],
}

export const PROMETHEUS: Rows<typeof prometheus> = {
  prometheus: [
    ['options', 'object', (it) => prometheus.prometheus(it)],
    ['registry', 'object', (it) => prometheus.prometheus({ registry: it })],
    ['registerMetric', 'function', (it) => prometheus.prometheus({ registry: { ...registry, registerMetric: it } })],
    [
      'removeSingleMetric',
      'function',
      (it) => prometheus.prometheus({ registry: { ...registry, removeSingleMetric: it } }),
    ],
    ['prefix', 'optional string', (prefix) => prometheus.prometheus({ registry, prefix })],
    ['maxServices', 'optional positive count', (maxServices) => prometheus.prometheus({ registry, maxServices })],
    ['spans', 'options', (spans) => prometheus.prometheus({ registry, spans })],
    ['spanOf', 'function', (spanOf) => prometheus.prometheus({ registry, spans: { spanOf } })],
  ],
  openMetrics: [
    ['registry', 'object', (it) => prometheus.openMetrics(it)],
    ['getMetricsAsArray', 'function', (getMetricsAsArray) => prometheus.openMetrics({ getMetricsAsArray })],
  ],
}

export const DASHBOARDS: Rows<typeof dashboards> = {
  createDashboard: [
    ['options', 'options', (it) => dashboards.createDashboard(it)],
    ['title', 'optional string', (title) => dashboards.createDashboard({ title })],
    [
      'details',
      'optional choice',
      (it) => dashboards.createDashboard({ details: typeof it === 'function' ? (0 as never) : it }),
    ],
    ['maxTraces', 'optional positive count', (maxTraces) => dashboards.createDashboard({ maxTraces })],
    ['ticks', 'optional choice', (ticks) => dashboards.createDashboard({ ticks })],
    ['tasks', 'optional choice', (tasks) => dashboards.createDashboard({ tasks })],
    ['spans', 'options', (spans) => dashboards.createDashboard({ spans })],
    ['spanOf', 'function', (spanOf) => dashboards.createDashboard({ spans: { spanOf } })],
  ],
}

const pages = dashboards.createDashboard().handler()

/** `observe` is called by core alone. */
export const DASHBOARD: Pick<Methods<dashboards.Dashboard>, 'handler'> = {
  handler: [['next', 'optional function', (next) => dashboards.createDashboard().handler(next)]],
}

export const DASHBOARD_HANDLER: { readonly handle: readonly Slot[] } = {
  handle: [
    ['request', 'object', (it) => pages(it)],
    ['url', 'string', (url) => pages({ url, method: 'GET' } as unknown as Request)],
    ['method', 'string', (method) => pages({ url: 'http://x/', method } as unknown as Request)],
  ],
}

export const PROBES: Rows<typeof probes> = {
  createProbes: [
    ['options', 'object', (it) => probes.createProbes(it)],
    ['source', 'object', (source) => probes.createProbes({ ...probe, source })],
    ['snapshot', 'function', (snapshot) => probes.createProbes({ ...probe, source: { snapshot } })],
    ['draining', 'signal', (draining) => probes.createProbes({ ...probe, draining })],
    ['metrics', 'options', (metrics) => probes.createProbes({ ...probe, metrics })],
    ['metrics', 'function', (it) => probes.createProbes({ ...probe, metrics: { contentType: 'x', metrics: it } })],
    ['metrics', 'object', (it) => probes.createProbes({ ...probe, metrics: [it] })],
    [
      'contentType',
      'string',
      (contentType) => probes.createProbes({ ...probe, metrics: { contentType, metrics: () => Promise.resolve('') } }),
    ],
    [
      'details',
      'optional choice',
      (it) => probes.createProbes({ ...probe, details: typeof it === 'function' ? (0 as never) : it }),
    ],
    ['unhealthyStatus', 'status', (unhealthyStatus) => probes.createProbes({ ...probe, unhealthyStatus })],
  ],
}

const handler = probes.createProbes(probe)

/** The handler is a function itself. */
export const PROBES_HANDLER: { readonly handle: readonly Slot[] } = {
  handle: [
    ['request', 'object', (it) => handler(it)],
    ['url', 'string', (url) => handler({ url } as unknown as Request)],
  ],
}

export const PROCESS: Rows<typeof process> = {
  runService: [
    ['service', 'startable', (it) => process.runService(it, { scope })],
    ['options', 'object', (it) => process.runService(service, it)],
    ['scope', 'scope', (it) => process.runService(service, { scope: it })],
    ['drain', 'function', (drain) => process.runService(service, { scope: { ...scope, drain } })],
    ['flush', 'function', (flush) => process.runService(service, { scope: { ...scope, flush } })],
    ['around', 'optional array', (around) => process.runService(service, { scope, around })],
    ['around', 'startable', (it) => process.runService(service, { scope, around: [service, it] })],
    ['signal', 'optional signal', (signal) => process.runService(service, { scope, signal })],
    ['graceMs', 'optional duration', (graceMs) => process.runService(service, { scope, graceMs })],
    ['drainDelayMs', 'optional duration', (drainDelayMs) => process.runService(service, { scope, drainDelayMs })],
    ['flushMs', 'optional duration', (flushMs) => process.runService(service, { scope, flushMs })],
  ],
  runMain: [['main function', 'function', (it) => process.runMain(it)]],
  ConfigurationError: [
    ['problems', 'array', (it) => new process.ConfigurationError(it)],
    ['problem', 'string', (it) => new process.ConfigurationError(['x', it])],
  ],
  isConfigurationError: [],
}

export const TESTING: Rows<typeof testing> = {
  assertHealthReportNames: [
    [
      'report',
      'list',
      (it) => {
        testing.assertHealthReportNames(it, [])
      },
    ],
    [
      'names',
      'array',
      (it) => {
        testing.assertHealthReportNames(new Map(), it)
      },
    ],
    [
      'name',
      'name',
      (it) => {
        testing.assertHealthReportNames(new Map(), ['x', it])
      },
    ],
  ],
  createFakeService: [
    ['options', 'object', (it) => testing.createFakeService(it)],
    ['name', 'name', (name) => testing.createFakeService({ name })],
    ['parent', 'optional scope', (parent) => testing.createFakeService({ name: 'x', parent })],
    ['faults', 'options', (faults) => testing.createFakeService({ name: 'x', faults })],
    ['faults', 'optional choice', (start) => testing.createFakeService({ name: 'x', faults: { start } })],
    ['faults', 'choice', (it) => testing.createFakeService({ name: 'x', faults: { [String(it)]: 'throw' } })],
    ['subServices', 'optional function', (subServices) => testing.createFakeService({ name: 'x', subServices })],
  ],
  createTestScope: [
    ['options', 'options', (it) => testing.createTestScope(it)],
    ['name', 'optional string', (name) => testing.createTestScope({ name })],
    ['exporters', 'optional array', (exporters) => testing.createTestScope({ exporters })],
  ],
  runForTest: [
    ['service', 'startable', (it) => testing.runForTest(it, fn)],
    ['cleanup', 'function', (it) => testing.runForTest(service, it)],
  ],
  runHealthy: [
    ['service', 'service', (it) => testing.runHealthy(it, fn)],
    ['cleanup', 'function', (it) => testing.runHealthy(service, it)],
  ],
}

export const TEST_SCOPE: Pick<Methods<TestScope>, 'assertNothingLeaked'> = { assertNothingLeaked: [] }
