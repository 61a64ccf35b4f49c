import * as api from '@opentelemetry/api'
import type { Context, SpanContext, TracerProvider } from '@opentelemetry/api'
import type { Exporter, Operation, ServiceEvent, SpanReference, SpanSource } from '@svc/core'
import { checkObject, checkSignal } from '@svc/core/internal'
import { detached, under } from './contexts.ts'
import { createEventLog } from './event-log.ts'
import { createExceptions } from './exceptions.ts'
import { createBackgroundFlush, flushUntil } from './flush.ts'
import { createHealthSpans } from './health-spans.ts'
import { logHealth, logState } from './log-events.ts'
import { createMetrics } from './metrics.ts'
import { createOperationSpans } from './operation-spans.ts'
import { checkOptions, type OtelOptions } from './otel-options.ts'
import { spanNamer } from './span-names.ts'
import { createServices, outermostStart } from './services.ts'
import { NAME, VERSION } from './version.ts'

/** An exporter that knows the spans that it made, so that exemplars and pages can name them. */
export interface OtelExporter extends Exporter, SpanSource, Disposable {
  /** Takes what it has on `meter` off again; spans go on. May be called twice. */
  [Symbol.dispose](): void
  /**
   * The span of an operation, from its beginning on and also after its end; of a `health` event that of its poll, of a
   * `flush` event its own. Of a task or tick with `'errors'` it is there once that has failed. `undefined` where there is
   * none. Nothing is kept longer than the subject lives.
   *
   * @throws TypeError for what is neither an operation nor an event.
   */
  spanOf(subject: Operation | ServiceEvent): SpanReference | undefined
}

/**
 * Makes an exporter that tells the life of services as OpenTelemetry spans: each start and each close as a trace of its
 * own that follows the tree of services, the close linked to the start; changes of health, emptied error buffers and,
 * where asked for, tasks and ticks as linked traces. Without a tracer provider it records nothing and does not complain.
 *
 * Parents are explicit, so that no context manager is needed; where one is registered, spans that other libraries make
 * during a start or a close become children of it. One exporter serves any number of scopes; it holds no timer, and
 * nothing of a service that is gone. Go: the spans of `pkg/services`, with `Engine.Tracer` left to
 * `trace.getTracer('your-package')`.
 *
 * @throws TypeError for an option of the wrong kind.
 *
 * @example A scope whose services are traced
 * ```ts
 * const scope = createScope({ exporters: [otel({ tracerProvider, ticks: 'errors' })] })
 * ```
 */
export function otel(options: OtelOptions = {}): OtelExporter {
  checkOptions(options)
  const { tracerProvider, ticks = 'off', tasks = 'off', traceMode = 'linked', exceptions: signal = 'span' } = options
  const { spanName, logEvents = false, flush = () => forceFlush(tracerProvider) } = options
  const tracer = (tracerProvider ?? api.trace).getTracer(NAME, VERSION)
  const services = createServices()
  const log = createEventLog()
  const exceptions = createExceptions(signal, log)
  const single = traceMode === 'single'
  const titleOf = spanNamer(spanName)
  const operations = createOperationSpans({ tracer, services, exceptions, ticks, tasks, single, titleOf })
  const health = createHealthSpans({ tracer, services, exceptions, single, titleOf })
  const metrics =
    options.meter === undefined ? undefined : createMetrics(options.meter, options.maxServices ?? 250, contextWith)
  const flushInBackground = options.flush === undefined ? undefined : createBackgroundFlush(options.flush)

  function observe(event: ServiceEvent): void {
    // One that fails must not cost the other.
    try {
      trace(event)
    } finally {
      metrics?.observe(event)
    }
  }

  function trace(event: ServiceEvent): void {
    switch (event.type) {
      case 'begin':
        return operations.begin(event.operation)
      case 'end':
        return end(event.operation, event.error, event.endedAt)
      case 'state': {
        const service = services.known(event.scope)
        if (service !== undefined) service.state = event.state
        if (logEvents) logState(log, event, detached())
        return
      }
      case 'condition': {
        const service = services.known(event.scope)
        if (service === undefined) return
        if (event.error === null) service.conditions?.delete(event.key)
        // One without a key shows its message alone.
        else if (event.key !== '') (service.conditions ??= new Set()).add(event.key)
        return
      }
      case 'flush':
        return health.flushed(event)
      case 'health':
        if (logEvents) logHealth(log, event, detached())
        return health.polled(event)
      case 'removed':
        return services.forget(event.scope)
      case 'error':
    }
  }

  function end(operation: Operation, error: Error | null, endedAt: number): void {
    const wasRecorded = operations.end(operation, error, endedAt)
    // Of a program that crashes later, at least its start is known.
    if (wasRecorded && operation.kind === 'start' && isOutermost(operation)) flushInBackground?.()
  }

  function isOutermost({ parent, scope }: Operation): boolean {
    return parent === undefined && outermostStart(services, scope.parent) === undefined
  }

  function contextOf(subject: Operation | ServiceEvent): SpanContext | undefined {
    if ('kind' in subject) return operations.nameOf(subject)
    return 'operation' in subject ? operations.nameOf(subject.operation) : health.nameOf(subject)
  }

  /** A context in which what is measured is an example of a span. */
  function contextWith(subject: Operation | ServiceEvent): Context | undefined {
    const span = contextOf(subject)
    return span === undefined ? undefined : under(detached(), span)
  }

  return {
    observe,
    activate: operations.activate,
    flush: async (end) => {
      checkSignal(end)
      health.settle()
      operations.settle()
      await flushUntil(flush, end)
    },
    spanOf: (subject) => {
      checkObject(subject, 'the subject')
      return toReference(contextOf(subject))
    },
    [Symbol.dispose]: () => metrics?.dispose(),
  }
}

function toReference(context: SpanContext | undefined): SpanReference | undefined {
  if (context === undefined || !api.isSpanContextValid(context)) return undefined
  const { traceId, spanId, traceFlags } = context
  return { traceId, spanId, isRecorded: (traceFlags & api.TraceFlags.SAMPLED) !== 0 }
}

async function forceFlush(provider: TracerProvider | undefined): Promise<void> {
  await (provider as { forceFlush?: () => Promise<void> } | undefined)?.forceFlush?.()
}
