import type { Exporter, SpanSource } from '@svc/core'
import {
  checkCount,
  checkFunction,
  checkObject,
  checkSpanSource,
  checkString,
  createServiceRecorder,
  HealthView,
  OnceLog,
  show,
} from '@svc/core/internal'
import { Spans } from './exemplar.ts'
import { healthRows } from './health-rows.ts'
import { Measured } from './measured.ts'
import { type MetricRegistry, register } from './register.ts'
import { serviceRows } from './service-rows.ts'
import { Services } from './services.ts'

export type { MetricRegistry } from './register.ts'

/** Options of {@link prometheus}. */
export interface PrometheusOptions {
  /** A registry of prom-client or of @prometheus-io/client. */
  readonly registry: MetricRegistry
  /** Put before the names of all metrics but `health`, `uptime_seconds` and `version`; `svc_` by default. */
  readonly prefix?: string | undefined
  /** How many services have series of their own; those past it share `service_id="_other"`. 500 by default. */
  readonly maxServices?: number | undefined
  /**
   * Who knows the spans of tasks and ticks: the exporter of `@svc/otel`. With it the buckets of
   * `svc_task_duration_seconds` name, in OpenMetrics, the latest recorded span that fell in. None by default.
   */
  readonly spans?: SpanSource | undefined
}

/**
 * Makes an exporter that shows services, their health and their work as metrics of a registry. Events only store
 * values; a scrape renders them, and reads health from the snapshots of the checkers that have told of themselves, which
 * runs no check and consumes no error. What is removed leaves no series. Dispose of it to take its metrics out of the
 * registry; that may be done twice.
 *
 * @throws TypeError, RangeError for wrong options
 * @throws Error when the registry has a metric of one of the names: one exporter a registry
 *
 * @example A scope whose services are scraped
 * ```ts
 * const registry = new Registry()
 * const scope = createScope({ exporters: [prometheus({ registry })] })
 * ```
 */
export function prometheus(options: PrometheusOptions): Exporter & Disposable {
  checkObject(options, 'the options')
  const { registry, prefix = 'svc_', maxServices = 500, spans } = options
  checkRegistry(registry)
  checkPrefix(prefix)
  checkCount(maxServices, 'option "maxServices"', 1)
  checkSpanSource(spans, 'option "spans"')

  const log = new OnceLog()
  const services = new Services(maxServices, log)
  const health = new HealthView((err) => {
    log.once('error', { err }, 'Cannot read a health snapshot: its series are left out of the scrape')
  })
  const measured = new Measured(services, spans && new Spans(spans, log))
  const { observe, revisions } = createServiceRecorder(services, health, measured)
  const rows = [
    ...healthRows(prefix, services, health, measured, revisions),
    ...serviceRows(prefix, services, revisions),
  ]
  const unregister = register(
    rows.map((row, index) => ({ ...row, index })),
    registry,
  )
  let disposed = false
  return {
    observe: (event) => {
      if (!disposed) observe(event)
    },
    [Symbol.dispose]: () => {
      if (disposed) return
      disposed = true
      unregister()
      services.clear()
      health.clear()
    },
  }
}

function checkRegistry(registry: MetricRegistry): void {
  checkObject(registry, 'option "registry"')
  checkFunction(registry.registerMetric, 'the method "registerMetric" of option "registry"')
  checkFunction(registry.removeSingleMetric, 'the method "removeSingleMetric" of option "registry"')
}

/** Prometheus allows a colon as well, but keeps it for the names of recording rules. */
function checkPrefix(prefix: string): void {
  checkString(prefix, 'option "prefix"')
  if (!/^(?:[A-Za-z_][A-Za-z0-9_]*)?$/.test(prefix)) {
    throw new RangeError(
      `Cannot use option "prefix": expected letters, digits and "_", no digit first, got ${show(prefix)}`,
    )
  }
}
