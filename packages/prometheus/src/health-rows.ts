import type { HealthReport, HealthSnapshot } from '@svc/core'
import {
  CHECK_DURATION,
  type HealthView,
  lastCheckSeconds,
  METRIC_FACTS,
  type MetricFact,
  OTHER,
  runtimeName,
  type Topic,
  uptimeSeconds,
} from '@svc/core/internal'
import type { Row } from './column.ts'
import type { Measured } from './measured.ts'
import { createSeries, type LabelValues } from './series.ts'
import type { Services } from './services.ts'
import { Shown } from './shown.ts'
import { Combined } from './sink.ts'

/** The metrics that are read from the checkers' snapshots at the scrape. Without a snapshot they have no series. */
export function healthRows(
  prefix: string,
  services: Services,
  health: HealthView,
  measured: Measured,
  revisions: Record<Topic, number>,
): Row[] {
  /** 1 for each name of a report that is well, 0 for each that is not. */
  function report(name: string, { help, aggregator }: MetricFact, read: () => HealthReport): Row {
    const collect: Row['collect'] = (sink, column) => {
      const combined = new Combined(aggregator)
      let { room } = services
      for (const [id, error] of read()) {
        const value = error === null ? 1 : 0
        // A snapshot is newer than the events: a name of which none has told yet takes a place for this scrape only.
        const shown = services.entries.get(id)?.account ?? (id !== OTHER && room-- > 0 ? new Shown(id) : services.other)
        const target = shown === services.other ? combined : sink
        target.add(shown.seriesOf(column), value)
      }
      combined.drainInto(sink)
    }
    return {
      name,
      help,
      type: 'gauge',
      aggregator,
      revision: () => `${services.revision} ${health.revision()}`,
      collect,
    }
  }

  /** One value of the whole program. */
  function single(
    name: string,
    { help, aggregator }: MetricFact,
    read: (snapshots: readonly HealthSnapshot[]) => number | undefined,
  ): Row {
    const series = createSeries(name, {})
    const collect: Row['collect'] = (sink) => {
      const value = read(health.snapshots())
      if (value !== undefined) sink.add(series, value)
    }
    return { name, help, type: 'gauge', aggregator, collect }
  }

  /** Always 1, for what its labels say. */
  function info(name: string, { help, aggregator }: MetricFact, more: LabelValues): Row {
    const collect: Row['collect'] = (sink) => {
      const told = new Set<string>()
      for (const { version, commit } of health.snapshots()) {
        const series = createSeries(name, { version, commit, ...more })
        if (!told.has(series.head)) sink.add(series, 1)
        told.add(series.head)
      }
    }
    return { name, help, type: 'gauge', aggregator, collect }
  }

  const checks: Row = {
    name: `${prefix}health_check_duration_seconds`,
    help: CHECK_DURATION.help,
    type: 'histogram',
    aggregator: 'sum',
    revision: () => revisions.checks,
    collect: (sink, { name }) => measured.checks?.collect(sink, name),
    reset: () => {
      revisions.checks++
      measured.resetChecks()
    },
  }

  return [
    report('health', METRIC_FACTS.health, () => health.health()),
    single('uptime_seconds', METRIC_FACTS.uptime, uptimeSeconds),
    info('version', METRIC_FACTS.version, {}),
    info(`${prefix}build_info`, METRIC_FACTS.build, { runtime: runtimeName() }),
    report(`${prefix}ready`, METRIC_FACTS.ready, () => health.readiness()),
    single(`${prefix}health_last_check_timestamp_seconds`, METRIC_FACTS.lastCheck, lastCheckSeconds),
    checks,
  ]
}
