import { context, logs, SpanStatusCode } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  type MetricData,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createScope, type HealthReporter, type RootScope } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { otel, withTraceFields } from '@svc/otel'
import { runService } from '@svc/process'
import { until } from './programs.ts'

/** More errors than are recorded of one. */
const MANY = 11

/** All that @svc/otel makes of a program. */
export interface Everything {
  readonly spans: readonly ReadableSpan[]
  readonly logs: readonly ReadableLogRecord[]
  readonly metrics: readonly MetricData[]
  /** The fields of all log lines. */
  readonly fields: ReadonlySet<string>
}

/** Runs services that do everything there is at least once, well and not, with everything recorded. */
export async function recordEverything(): Promise<Everything> {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const logExporter = new InMemoryLogRecordExporter()
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logExporter })] }),
  )
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter })
  const meter = new MeterProvider({ readers: [reader] }).getMeter('everything')
  const telemetry = otel({ tracerProvider, ticks: 'all', tasks: 'all', exceptions: 'both', logEvents: true, meter })
  const fields = new Set<string>()
  const log = (given: object): void => {
    for (const field of Object.keys(given)) fields.add(field)
  }
  // What knows which span a line is written in
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const logger = withTraceFields({ debug: log, info: log, warn: log, error: log })
  const scope = createScope({ logger, exporters: [telemetry] })
  const seen = (name: string, code: SpanStatusCode): boolean =>
    exporter.getFinishedSpans().some((span) => span.name === name && span.status.code === code)
  const waitFor = (name: string, code: SpanStatusCode = SpanStatusCode.UNSET): Promise<unknown> =>
    until(
      `${name} ${code}`,
      () =>
        exporter
          .getFinishedSpans()
          .map((span) => span.name)
          .join('\n'),
      () => seen(name, code),
    )

  await failToStart(scope)
  await live(scope, waitFor)
  await failToClose(scope)
  await hang(scope)
  await reader.forceFlush()
  await scope.flush(new AbortController().signal)
  await reader.shutdown()
  logs.disable()
  context.disable()
  return {
    spans: exporter.getFinishedSpans(),
    logs: logExporter.getFinishedLogRecords(),
    metrics: metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
    fields,
  }
}

/** A start that fails, and so do the closes of what had started before it. */
async function failToStart(scope: RootScope): Promise<void> {
  const stillborn = createService({
    name: 'Stillborn',
    parent: scope,
    subServices: (engine) =>
      Array.from({ length: MANY }, (_, index) =>
        createService({ name: `Part ${index}`, parent: engine, close: () => Promise.reject(new Error('held')) }),
      ),
    start: () => Promise.reject(new Error('no')),
  })
  await stillborn.start().catch(() => undefined)
}

/** A program from its start to its stop, which is asked for: tasks, ticks, health that goes down and up, a drain, a close. */
async function live(
  scope: RootScope,
  waitFor: (name: string, code?: SpanStatusCode) => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController()
  let jobs: Engine | undefined
  const app = createService({
    name: 'App',
    parent: scope,
    subServices: (engine) => {
      const made = createServiceEngine({ name: 'Jobs', parent: engine, start: begin })
      jobs = made.engine
      return [made.service]
    },
  })
  const checker = createHealthChecker({ parent: scope, version: '1.0.0', commit: 'abcdef0', intervalMs: 10 })
  checker.register(app)
  checker.register(createCrowd())
  const ended = runService(app, { scope, around: [checker], drainDelayMs: 1, signal: stop.signal })
  await waitFor('start App')

  for (let disk = 0; disk < MANY; disk++) jobs?.setHealthCondition(`disk ${disk}`, new Error('full'))
  await waitFor('health Jobs', SpanStatusCode.ERROR)
  for (let disk = 0; disk < MANY; disk++) jobs?.clearHealthCondition(`disk ${disk}`)
  await waitFor('health Jobs')
  jobs?.emitHealthError(new Error('lost', { cause: new Error('reset') }))
  await waitFor('flush Jobs', SpanStatusCode.ERROR)
  // In one go, so that no poll comes between: this reader empties the buffer
  jobs?.emitHealthError(new Error('seen by another'))
  app.healthReport()
  jobs?.go(() => Promise.reject(many('out of range')), { label: 'import' })
  await waitFor('task import', SpanStatusCode.ERROR)
  jobs?.goTick({ periodMs: 60_000 }, () => Promise.reject(many('late')))
  await waitFor('tick Jobs', SpanStatusCode.ERROR)
  stop.abort()
  await ended
}

/** A tick and a task, the second of which a close has to wait for. */
function begin(engine: Engine): void {
  engine.goTick({ periodMs: 60_000 }, () => undefined)
  engine.go(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 1))), {
    label: 'listen',
  })
}

/** More that becomes unhealthy at once than gets spans. */
function createCrowd(): HealthReporter {
  const full = new Error('full')
  let looks = 0
  return {
    name: () => 'Crowd',
    readiness: () => null,
    healthReport: () => {
      const health = looks++ === 0 ? null : full
      return new Map(Array.from({ length: 501 }, (_, index) => [`Crowd.${index}`, health]))
    },
  }
}

/** A close that fails, with more errors than are recorded. */
async function failToClose(scope: RootScope): Promise<void> {
  const clinging = createService({ name: 'Clinging', parent: scope, close: () => Promise.reject(many('held')) })
  await clinging.start()
  await clinging.close().catch(() => undefined)
}

/** A close that runs out of time, since a task does not end. */
async function hang(scope: RootScope): Promise<void> {
  const hanging = createService({
    name: 'Hanging',
    parent: scope,
    start: (engine) => engine.go(() => new Promise(() => {}), { label: 'never' }),
    closeTimeoutMs: 1,
  })
  await hanging.start()
  await hanging.close().catch(() => undefined)
}

function many(message: string): Error {
  return new AggregateError(
    Array.from({ length: MANY }, (_, index) => new Error(`${message} ${index}`)),
    message,
  )
}
