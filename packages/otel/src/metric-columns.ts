import type { Meter, MetricOptions, Observable } from '@opentelemetry/api'
import { SERVICE_STATES } from '@svc/core/internal'
import { type Aggregator, Column } from './metric-column.ts'

type Fact =
  | 'health'
  | 'uptime'
  | 'version'
  | 'build'
  | 'ready'
  | 'state'
  | 'stateCode'
  | 'startTime'
  | 'startDuration'
  | 'startFailures'
  | 'closeFailures'
  | 'errors'
  | 'dropped'
  | 'transitions'
  | 'conditions'
  | 'lastCheck'
  | 'inFlight'

interface Definition {
  readonly kind: 'gauge' | 'counter' | 'upDownCounter'
  readonly name: string
  readonly unit?: string
  readonly aggregator: Aggregator
  readonly description: string
  /** What a series that is no more is told to be. */
  readonly gone?: number
}

const STATE_CODES = SERVICE_STATES.map((state, code) => `${code} ${state}`).join(', ')

/** Translated to Prometheus, the names are those of its metrics. What is 0 or 1 has no unit. */
const DEFINITIONS: Readonly<Record<Fact, Definition>> = {
  health: {
    kind: 'gauge',
    name: 'health',
    aggregator: 'min',
    description: 'Health of a service: 1 healthy, 0 unhealthy',
    gone: 1,
  },
  uptime: {
    kind: 'gauge',
    name: 'svc.uptime',
    unit: 's',
    aggregator: 'max',
    description: 'Time since the health checker was started',
  },
  version: {
    kind: 'gauge',
    name: 'version',
    aggregator: 'first',
    description: 'Version and commit of the program; always 1',
  },
  build: {
    kind: 'gauge',
    name: 'svc.build.info',
    aggregator: 'first',
    description: 'Version, commit and runtime of the program; always 1',
  },
  ready: {
    kind: 'gauge',
    name: 'svc.ready',
    aggregator: 'min',
    description: 'Readiness of a registered service: 1 ready, 0 not ready',
    gone: 1,
  },
  state: {
    kind: 'gauge',
    name: 'svc.state',
    aggregator: 'max',
    description: 'State of a service: 1 for the one that it is in, 0 for the other six',
    gone: 0,
  },
  stateCode: {
    kind: 'gauge',
    name: 'svc.state_code',
    aggregator: 'max',
    description: `State of a service by number: ${STATE_CODES}`,
    gone: SERVICE_STATES.indexOf('Stopped'),
  },
  startTime: {
    kind: 'gauge',
    name: 'svc.start.time',
    unit: 's',
    aggregator: 'first',
    description: 'When the start of a service began, in seconds since the epoch',
  },
  startDuration: {
    kind: 'gauge',
    name: 'svc.start.duration',
    unit: 's',
    aggregator: 'max',
    description: 'How long the start of a service took, failed or not',
  },
  startFailures: {
    kind: 'counter',
    name: 'svc.start.failures',
    unit: '{failure}',
    aggregator: 'sum',
    description: 'Failed starts of a service, by type of error',
  },
  closeFailures: {
    kind: 'counter',
    name: 'svc.close.failures',
    unit: '{failure}',
    aggregator: 'sum',
    description: 'Failed closes of a service, by type of error',
  },
  errors: {
    kind: 'counter',
    name: 'svc.errors',
    unit: '{error}',
    aggregator: 'sum',
    description: 'Health errors that a service has emitted',
  },
  dropped: {
    kind: 'counter',
    name: 'svc.errors_dropped',
    unit: '{error}',
    aggregator: 'sum',
    description: 'Health errors of a service that were dropped before anyone saw them',
  },
  transitions: {
    kind: 'counter',
    name: 'svc.health.transitions',
    unit: '{transition}',
    aggregator: 'sum',
    description: 'Changes of a service between healthy and unhealthy',
  },
  conditions: {
    kind: 'gauge',
    name: 'svc.health.conditions',
    unit: '{condition}',
    aggregator: 'max',
    description: 'Health conditions of a service that are set',
    gone: 0,
  },
  lastCheck: {
    kind: 'gauge',
    name: 'svc.health.last_check.timestamp',
    unit: 's',
    aggregator: 'min',
    description: 'When reporters were last polled, in seconds since the epoch',
  },
  inFlight: {
    kind: 'upDownCounter',
    name: 'svc.tasks.in_flight',
    unit: '{task}',
    aggregator: 'sum',
    description: 'Tasks and ticks of a service that are running',
    gone: 0,
  },
}

/** Every observable instrument, by what it tells. */
export type Columns = Readonly<Record<Fact, Column>>

export function createColumns(meter: Meter): Columns {
  const columns = Object.entries(DEFINITIONS).map(
    ([key, definition]) => [key, createColumn(meter, definition)] as const,
  )
  return Object.fromEntries(columns) as Columns
}

function createColumn(meter: Meter, definition: Definition): Column {
  const { name, description, unit, aggregator, gone } = definition
  const options: MetricOptions = unit === undefined ? { description } : { description, unit }
  return new Column(createObservable(meter, definition.kind, name, options), aggregator, gone)
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
