import * as api from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'
import type { Exporter, Operation, ServiceEvent } from '@svc/core'
import { checkFunction, checkObject, checkOneOf, checkOptionalFunction, checkSignal, show } from '@svc/core/internal'
import { detached } from './contexts.ts'
import { createEventLog } from './event-log.ts'
import { createExceptions } from './exceptions.ts'
import type { ExceptionSignal } from './exception-signal.ts'
import { createBackgroundFlush, flushUntil } from './flush.ts'
import { createHealthSpans } from './health-spans.ts'
import { logHealth, logState } from './log-events.ts'
import { createOperationSpans, type Recorded } from './operation-spans.ts'
import { createServices, outermostStart } from './services.ts'
import { NAME, VERSION } from './version.ts'

/** Options of {@link otel}. */
export interface OtelOptions {
  /** Who makes the spans; the global provider when there is none, also one that is registered later. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Which ticks get a span; `'off'`, the default, for none. */
  readonly ticks?: Recorded | undefined
  /** Which tasks get a span; `'off'`, the default, for none. */
  readonly tasks?: Recorded | undefined
  /** `'linked'`, the default: a short trace for each start, close, tick and poll. `'single'`: all in the trace of the start, for programs that run for seconds. */
  readonly traceMode?: 'linked' | 'single' | undefined
  /** Where exceptions go; `'span'`, the default. The environment's wish is read by {@link exceptionSignal}. */
  readonly exceptions?: ExceptionSignal | undefined
  /** Names the span of an operation, for services with ids in their names; `start Database` and the like by default. */
  readonly spanName?: ((operation: Operation) => string) | undefined
  /** Writes each change of state and of health as a log record as well, where the Logs API is there; off by default. */
  readonly logEvents?: boolean | undefined
  /** Sends what has been recorded; the given provider's `forceFlush` by default. */
  readonly flush?: (() => Promise<void>) | undefined
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
export function otel(options: OtelOptions = {}): Exporter {
  checkOptions(options)
  const { tracerProvider, ticks = 'off', tasks = 'off', traceMode = 'linked', exceptions: signal = 'span' } = options
  const { spanName, logEvents = false, flush = () => forceFlush(tracerProvider) } = options
  const tracer = (tracerProvider ?? api.trace).getTracer(NAME, VERSION)
  const services = createServices()
  const log = createEventLog()
  const exceptions = createExceptions(signal, log)
  const single = traceMode === 'single'
  const operations = createOperationSpans({ tracer, services, exceptions, ticks, tasks, single, spanName })
  const health = createHealthSpans({ tracer, services, exceptions, single })
  const flushInBackground = options.flush === undefined ? undefined : createBackgroundFlush(options.flush)

  function observe(event: ServiceEvent): void {
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

  return {
    observe,
    activate: operations.activate,
    flush: async (end) => {
      checkSignal(end)
      health.settle()
      await flushUntil(flush, end)
    },
  }
}

async function forceFlush(provider: TracerProvider | undefined): Promise<void> {
  await (provider as { forceFlush?: () => Promise<void> } | undefined)?.forceFlush?.()
}

function checkOptions(options: OtelOptions): void {
  checkObject(options, 'the options')
  const { tracerProvider, ticks, tasks, traceMode, exceptions, spanName, logEvents, flush } = options
  if (tracerProvider !== undefined) {
    checkObject(tracerProvider, 'option "tracerProvider"')
    checkFunction(tracerProvider.getTracer, 'the method "getTracer" of option "tracerProvider"')
  }
  if (ticks !== undefined) checkOneOf(ticks, ['off', 'errors', 'all'], 'option "ticks"')
  if (tasks !== undefined) checkOneOf(tasks, ['off', 'errors', 'all'], 'option "tasks"')
  if (traceMode !== undefined) checkOneOf(traceMode, ['linked', 'single'], 'option "traceMode"')
  if (exceptions !== undefined) checkOneOf(exceptions, ['span', 'log', 'both'], 'option "exceptions"')
  checkOptionalFunction(spanName, 'option "spanName"')
  if (logEvents !== undefined && typeof logEvents !== 'boolean') {
    throw new TypeError(`Cannot use option "logEvents": expected a boolean, got ${show(logEvents)}`)
  }
  checkOptionalFunction(flush, 'option "flush"')
}
