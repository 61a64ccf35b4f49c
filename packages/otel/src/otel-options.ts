import type { Meter, TracerProvider } from '@opentelemetry/api'
import { checkCount, checkFunction, checkObject, checkOneOf, checkOptionalFunction, show } from '@svc/core/internal'
import type { ExceptionSignal } from './exception-signal.ts'
import type { Recorded } from './operation-spans.ts'
import type { SpanName } from './span-names.ts'

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
  /**
   * Names a span, for services with ids in their names; `undefined` for the default, as `start Database`. It is asked for
   * operations and for the `health` and `flush` of a service.
   */
  readonly spanName?: SpanName | undefined
  /** Writes each change of state and of health as a log record as well, where the Logs API is there; off by default. */
  readonly logEvents?: boolean | undefined
  /** What makes metrics as well: the same ones as `@svc/prometheus`, of a meter of a provider with an SDK. None by default. */
  readonly meter?: Meter | undefined
  /** How many names of services have series of their own on `meter`; those past it share `service_id="_other"`. 250 by default. */
  readonly maxServices?: number | undefined
  /** Sends what has been recorded; the given provider's `forceFlush` by default. */
  readonly flush?: (() => Promise<void>) | undefined
}

/** @throws TypeError, RangeError for what cannot be used */
export function checkOptions(options: OtelOptions): void {
  checkObject(options, 'the options')
  const { tracerProvider, ticks, tasks, traceMode, exceptions, spanName, logEvents, meter, maxServices, flush } =
    options
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
  checkMeter(meter)
  if (maxServices !== undefined) checkCount(maxServices, 'option "maxServices"', 1)
}

const METER_METHODS = [
  'createHistogram',
  'createObservableGauge',
  'createObservableCounter',
  'createObservableUpDownCounter',
  'addBatchObservableCallback',
  'removeBatchObservableCallback',
] as const

function checkMeter(meter: Meter | undefined): void {
  if (meter === undefined) return
  checkObject(meter, 'option "meter"')
  for (const method of METER_METHODS) checkFunction(meter[method], `the method "${method}" of option "meter"`)
}
