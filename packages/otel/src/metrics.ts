import type { Attributes, BatchObservableResult, Context, Histogram, Meter } from '@opentelemetry/api'
import type { HealthReport, HealthSnapshot, Operation, ServiceEvent } from '@svc/core'
import {
  CHECK_DURATION,
  createServiceRecorder,
  cut,
  HealthView,
  type HistogramFact,
  lastCheckSeconds,
  type Live,
  type Measures,
  NAME_LIMIT,
  OnceLog,
  runtimeName,
  SERVICE_STATES,
  TASK_DURATION,
  TICK_LATENESS,
  uptimeSeconds,
} from '@svc/core/internal'
import type { Column } from './metric-column.ts'
import { createColumns } from './metric-columns.ts'
import { type Counts, ServiceTable } from './service-counts.ts'

/** The metrics of services on a meter. */
export interface Metrics {
  observe(event: ServiceEvent): void
  /** Takes the callback off the meter; twice is harmless. */
  dispose(): void
}

/**
 * Events only store values; they are read, and health with them, when a reader of the meter collects. `contextOf` gives
 * a context with the span of what is measured, for exemplars.
 */
export function createMetrics(
  meter: Meter,
  maxServices: number,
  contextOf: (subject: Operation | ServiceEvent) => Context | undefined,
): Metrics {
  const log = new OnceLog()
  const services = new ServiceTable(maxServices, log)
  const { labels } = services
  const health = new HealthView((err) => {
    log.once('error', { err }, 'Cannot read a health snapshot: its metrics are left out')
  })
  const columns = createColumns(meter)
  const { observe } = createServiceRecorder(services, health, createMeasures(meter, contextOf))

  function collect(result: BatchObservableResult): void {
    const snapshots = health.snapshots()
    collectReport(columns.health, health.health())
    collectReport(columns.ready, health.readiness())
    collectProgram(snapshots)
    for (const { live } of services.entries.values()) if (live !== undefined) collectLive(live)
    collectCounts()
    for (const column of Object.values(columns)) column.tell(result)
  }

  function collectReport(column: Column, report: HealthReport): void {
    for (const [id, error] of report) column.put(labels.of(id).plain, error === null ? 1 : 0)
  }

  function collectProgram(snapshots: readonly HealthSnapshot[]): void {
    const uptime = uptimeSeconds(snapshots)
    const lastCheck = lastCheckSeconds(snapshots)
    if (uptime !== undefined) columns.uptime.put(NONE, uptime)
    if (lastCheck !== undefined) columns.lastCheck.put(NONE, lastCheck)
    for (const snapshot of snapshots) {
      const version = cut(snapshot.version, NAME_LIMIT)
      const commit = cut(snapshot.commit, NAME_LIMIT)
      columns.version.put({ version, commit }, 1)
      columns.build.put({ version, commit, runtime: runtimeName() }, 1)
    }
  }

  function collectLive({ account, state, startedAt, startSeconds, conditions, inFlight }: Live<Counts>): void {
    const { plain } = account.labels
    if (state !== -1) {
      columns.stateCode.put(plain, state)
      for (const [code, name] of SERVICE_STATES.entries())
        columns.state.put(account.labels.with('state', name), code === state ? 1 : 0)
    }
    if (startedAt !== undefined) columns.startTime.put(plain, startedAt)
    if (startSeconds !== undefined) columns.startDuration.put(plain, startSeconds)
    columns.conditions.put(plain, conditions)
    columns.inFlight.put(plain, inFlight)
  }

  function collectCounts(): void {
    services.eachAccount((counts) => {
      const { startFailures, closeFailures, transitions, errors, dropped, scoped } = counts
      for (const [attributes, count] of startFailures) columns.startFailures.put(attributes, count)
      for (const [attributes, count] of closeFailures) columns.closeFailures.put(attributes, count)
      for (const [attributes, count] of transitions) columns.transitions.put(attributes, count)
      if (!scoped) return
      columns.errors.put(counts.labels.plain, errors)
      columns.dropped.put(counts.labels.plain, dropped)
    })
  }

  const observables = Object.values(columns).map(({ observable }) => observable)
  meter.addBatchObservableCallback(collect, observables)
  let disposed = false
  return {
    observe: (event) => {
      if (disposed) return
      log.use('operation' in event ? event.operation.scope : event.scope)
      observe(event)
    },
    dispose: () => {
      disposed = true
      meter.removeBatchObservableCallback(collect, observables)
      health.clear()
    },
  }
}

const NONE = Object.freeze({})

/** Durations go to the meter at once. */
function createMeasures(
  meter: Meter,
  contextOf: (subject: Operation | ServiceEvent) => Context | undefined,
): Measures<Counts> {
  const histogram = (name: string, { help, bounds }: HistogramFact): Histogram =>
    meter.createHistogram(name, {
      description: help,
      unit: 's',
      advice: { explicitBucketBoundaries: [...bounds] },
    })
  const checks = histogram('svc.health.check.duration', CHECK_DURATION)
  const tasks = histogram('svc.task.duration', TASK_DURATION)
  const lateness = histogram('svc.tick.lateness', TICK_LATENESS)

  const attributesOf = ({ account }: Live<Counts>, { label }: Operation): Attributes =>
    account.labels.with('task', label)
  return {
    tickBegan: (live, operation, seconds) => {
      lateness.record(seconds, attributesOf(live, operation), contextOf(operation))
    },
    taskEnded: (live, operation, seconds) => {
      tasks.record(seconds, attributesOf(live, operation), contextOf(operation))
    },
    checked: (event, seconds) => {
      checks.record(seconds, undefined, contextOf(event))
    },
  }
}
