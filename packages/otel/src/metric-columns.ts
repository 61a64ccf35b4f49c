import type { Meter, MetricOptions, Observable } from '@opentelemetry/api'
import { METRIC_FACTS, type MetricFact, SERVICE_STATES } from '@svc/core/internal'
import { Column } from './metric-column.ts'

type Fact = keyof typeof METRIC_FACTS

interface Definition {
  readonly kind: 'gauge' | 'counter' | 'upDownCounter'
  readonly name: string
  readonly unit?: string
  /** What a series that is no more is told to be. */
  readonly gone?: number
}

/** Translated to Prometheus, the names are those of its metrics. What is 0 or 1 has no unit. */
const DEFINITIONS: Readonly<Record<Fact, Definition>> = {
  health: { kind: 'gauge', name: 'health', gone: 1 },
  uptime: { kind: 'gauge', name: 'svc.uptime', unit: 's' },
  version: { kind: 'gauge', name: 'version' },
  build: { kind: 'gauge', name: 'svc.build.info' },
  ready: { kind: 'gauge', name: 'svc.ready', gone: 1 },
  state: { kind: 'gauge', name: 'svc.state', gone: 0 },
  stateCode: { kind: 'gauge', name: 'svc.state_code', gone: SERVICE_STATES.indexOf('Stopped') },
  startTime: { kind: 'gauge', name: 'svc.start.time', unit: 's' },
  startDuration: { kind: 'gauge', name: 'svc.start.duration', unit: 's' },
  startFailures: { kind: 'counter', name: 'svc.start.failures', unit: '{failure}' },
  closeFailures: { kind: 'counter', name: 'svc.close.failures', unit: '{failure}' },
  errors: { kind: 'counter', name: 'svc.errors', unit: '{error}' },
  dropped: { kind: 'counter', name: 'svc.errors_dropped', unit: '{error}' },
  transitions: { kind: 'counter', name: 'svc.health.transitions', unit: '{transition}' },
  conditions: { kind: 'gauge', name: 'svc.health.conditions', unit: '{condition}', gone: 0 },
  lastCheck: { kind: 'gauge', name: 'svc.health.last_check.timestamp', unit: 's' },
  inFlight: { kind: 'upDownCounter', name: 'svc.tasks.in_flight', unit: '{task}', gone: 0 },
}

/** Every observable instrument, by what it tells. */
export type Columns = Readonly<Record<Fact, Column>>

export function createColumns(meter: Meter): Columns {
  const columns = Object.entries(DEFINITIONS).map(
    ([fact, definition]) => [fact, createColumn(meter, METRIC_FACTS[fact as Fact], definition)] as const,
  )
  return Object.fromEntries(columns) as Columns
}

function createColumn(meter: Meter, { help: description, aggregator }: MetricFact, definition: Definition): Column {
  const { kind, name, unit, gone } = definition
  const options: MetricOptions = unit === undefined ? { description } : { description, unit }
  return new Column(createObservable(meter, kind, name, options), aggregator, gone)
}

function createObservable(meter: Meter, kind: Definition['kind'], name: string, options: MetricOptions): Observable {
  switch (kind) {
    case 'gauge':
      return meter.createObservableGauge(name, options)
    case 'counter':
      return meter.createObservableCounter(name, options)
    case 'upDownCounter':
      return meter.createObservableUpDownCounter(name, options)
  }
}
