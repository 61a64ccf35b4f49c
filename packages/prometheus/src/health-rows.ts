import type { HealthReport, HealthSnapshot } from '@svc/core'
import { type HealthView, now } from '@svc/core/internal'
import type { Row } from './column.ts'
import type { Recorder } from './recorder.ts'
import { createSeries, type LabelValues } from './series.ts'
import type { Services } from './services.ts'
import { OTHER, Shown } from './shown.ts'
import { Combined } from './sink.ts'

/** The metrics that are read from the checkers' snapshots at the scrape. Without a snapshot they have no series. */
export function healthRows(prefix: string, services: Services, health: HealthView, recorder: Recorder): Row[] {
  /** 1 for each name of a report that is well, 0 for each that is not. */
  function report(name: string, help: string, read: () => HealthReport): Row {
    const collect: Row['collect'] = (sink, column) => {
      const combined = new Combined('min')
      let { room } = services
      for (const [id, error] of read()) {
        const value = error === null ? 1 : 0
        // A snapshot is newer than the events: a name of which none has told yet takes a place for this scrape only.
        const shown = services.entries.get(id)?.shown ?? (id !== OTHER && room-- > 0 ? new Shown(id) : services.other)
        const target = shown === services.other ? combined : sink
        target.add(shown.seriesOf(column), value)
      }
      combined.drainInto(sink)
    }
    return {
      name,
      help,
      type: 'gauge',
      aggregator: 'min',
      revision: () => `${services.revision} ${health.revision()}`,
      collect,
    }
  }

  /** One value of the whole program. */
  function single(
    name: string,
    aggregator: Row['aggregator'],
    help: string,
    read: (snapshots: HealthSnapshot[]) => number | undefined,
  ): Row {
    const series = createSeries(name, {})
    const collect: Row['collect'] = (sink) => {
      const value = read(health.snapshots())
      if (value !== undefined) sink.add(series, value)
    }
    return { name, help, type: 'gauge', aggregator, collect }
  }

  /** Always 1, for what its labels say. */
  function info(name: string, help: string, more: LabelValues): Row {
    const collect: Row['collect'] = (sink) => {
      const told = new Set<string>()
      for (const { version, commit } of health.snapshots()) {
        const series = createSeries(name, { version, commit, ...more })
        if (!told.has(series.head)) sink.add(series, 1)
        told.add(series.head)
      }
    }
    return { name, help, type: 'gauge', aggregator: 'first', collect }
  }

  const checks: Row = {
    name: `${prefix}health_check_duration_seconds`,
    help: 'How long health checks took',
    type: 'histogram',
    aggregator: 'sum',
    revision: () => recorder.revisions.checks,
    collect: (sink, { name }) => recorder.checks?.collect(sink, name),
    reset: () => recorder.resetChecks(),
  }

  return [
    report('health', 'Health of a service: 1 healthy, 0 unhealthy', () => health.health()),
    single('uptime_seconds', 'max', 'Time since the health checker was started', (snapshots) => {
      const started = earliest(snapshots.map(({ startedAt }) => startedAt))
      return started === undefined ? undefined : Math.max(0, now() - started) / 1000
    }),
    info('version', 'Version and commit of the program; always 1', {}),
    info(`${prefix}build_info`, 'Version, commit and runtime of the program; always 1', { runtime: runtime() }),
    report(`${prefix}ready`, 'Readiness of a registered service: 1 ready, 0 not ready', () => health.readiness()),
    single(
      `${prefix}health_last_check_timestamp_seconds`,
      'min',
      'When reporters were last polled, in seconds since the epoch',
      (snapshots) => {
        const checked = earliest(snapshots.map(({ checkedAt }) => checkedAt))
        return checked === undefined ? undefined : checked / 1000
      },
    ),
    checks,
  ]
}

/** The least of some times; 0 is one that has not come yet. */
function earliest(times: readonly number[]): number | undefined {
  const known = times.filter((time) => time > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Like `Node.js/24`, as every runtime names itself. */
function runtime(): string {
  return globalThis.navigator?.userAgent ?? 'unknown'
}
