import type { BatchObservableResult, Context, Meter } from '@opentelemetry/api'
import type { HealthReport, HealthSnapshot, Operation, ServiceEvent } from '@svc/core'
import { cut, HealthView, NAME_LIMIT, now, SERVICE_STATES } from '@svc/core/internal'
import type { Column } from './metric-column.ts'
import { createColumns } from './metric-columns.ts'
import { AllLabels, OTHER } from './metric-labels.ts'
import { createRecorder } from './metric-recorder.ts'
import { createOnceLog } from './once-log.ts'
import { type Live, ServiceTable } from './service-counts.ts'

/** Upper bounds in seconds: a poll reads in-process state, and should be far below a probe's time-out of one second. */
const CHECK_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
/** Upper bounds in seconds: ticks take milliseconds, tasks minutes. */
const TASK_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Upper bounds in seconds: a timer is some milliseconds late, a blocked event loop or a slow handler makes it seconds. */
const LATENESS_BUCKETS = [0.01, 0.05, 0.25, 1, 5, 30]

/** The metrics of services on a meter. */
export interface Metrics {
  observe(event: ServiceEvent): void
  /** Takes the callback off the meter; twice is harmless. */
  dispose(): void
}

/** Events only store values; they are read, and health with them, when a reader of the meter collects. */
export function createMetrics(
  meter: Meter,
  maxServices: number,
  contextOf: (subject: Operation | ServiceEvent) => Context | undefined,
): Metrics {
  const log = createOnceLog()
  const labels = new AllLabels(maxServices, (service) => {
    log.once(
      'warn',
      { service, maxServices },
      `More services than "maxServices": those past it are counted together as service_id="${OTHER}"`,
    )
  })
  const services = new ServiceTable(labels)
  const health = new HealthView((err) => {
    log.once('error', { err }, 'Cannot read a health snapshot: its metrics are left out')
  })
  const columns = createColumns(meter)
  const histogram = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries } })
  const checks = histogram('svc.health.check.duration', 'How long health checks took', CHECK_BUCKETS)
  const tasks = histogram('svc.task.duration', 'How long tasks and ticks of a service took', TASK_BUCKETS)
  const lateness = histogram(
    'svc.tick.lateness',
    'How long after they were due ticks of a service began',
    LATENESS_BUCKETS,
  )
  const observe = createRecorder({ services, health, checks, tasks, lateness }, contextOf)

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
    const started = earliest(snapshots.map(({ startedAt }) => startedAt))
    const checked = earliest(snapshots.map(({ checkedAt }) => checkedAt))
    if (started !== undefined) columns.uptime.put(NONE, Math.max(0, now() - started) / 1000)
    if (checked !== undefined) columns.lastCheck.put(NONE, checked / 1000)
    for (const snapshot of snapshots) {
      const version = cut(snapshot.version, NAME_LIMIT)
      const commit = cut(snapshot.commit, NAME_LIMIT)
      columns.version.put({ version, commit }, 1)
      columns.build.put({ version, commit, runtime: runtime() }, 1)
    }
  }

  function collectLive({ counts, state, startedAt, startSeconds, conditions, inFlight }: Live): void {
    const { plain } = counts.labels
    if (state !== -1) {
      columns.stateCode.put(plain, state)
      for (const [code, name] of SERVICE_STATES.entries())
        columns.state.put(counts.labels.with('state', name), code === state ? 1 : 0)
    }
    if (startedAt !== undefined) columns.startTime.put(plain, startedAt)
    if (startSeconds !== undefined) columns.startDuration.put(plain, startSeconds)
    columns.conditions.put(plain, conditions)
    columns.inFlight.put(plain, inFlight)
  }

  function collectCounts(): void {
    for (const counts of services.counted()) {
      const { startFailures, closeFailures, transitions, errors, dropped, scoped } = counts
      for (const [attributes, count] of startFailures) columns.startFailures.put(attributes, count)
      for (const [attributes, count] of closeFailures) columns.closeFailures.put(attributes, count)
      for (const [attributes, count] of transitions) columns.transitions.put(attributes, count)
      if (!scoped) continue
      columns.errors.put(counts.labels.plain, errors)
      columns.dropped.put(counts.labels.plain, dropped)
    }
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

/** The least of some times; 0 is one that has not come yet. */
function earliest(times: readonly number[]): number | undefined {
  const known = times.filter((time) => time > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Like `Node.js/24`, as every runtime names itself. */
function runtime(): string {
  return globalThis.navigator?.userAgent ?? 'unknown'
}
