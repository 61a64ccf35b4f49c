import { SERVICE_STATES } from '@svc/core/internal'
import type { Row } from './column.ts'
import type { Recorder, Topic } from './recorder.ts'
import type { Series } from './series.ts'
import type { Live, Services } from './services.ts'
import type { Count, Shown } from './shown.ts'
import { type Aggregator, Combined } from './sink.ts'

/** The metrics that the events of services feed. */
export function serviceRows(prefix: string, services: Services, { revisions }: Recorder): Row[] {
  const revision = (topic: Topic) => () => services.revision + revisions[topic]
  const reset = (topic: Topic, put: (shown: Shown) => void) => () => {
    revisions[topic]++
    services.eachShown(put)
  }

  /** One value of each live scope; `undefined` is no series. */
  function gauge(
    name: string,
    aggregator: Aggregator,
    topic: Topic,
    help: string,
    read: (live: Live) => number | undefined,
  ): Row {
    const collect: Row['collect'] = (sink, column) => {
      const combined = new Combined(aggregator)
      for (const { shown, live } of services.entries.values()) {
        const value = live === undefined ? undefined : read(live)
        if (value === undefined) continue
        const target = shown === services.other ? combined : sink
        target.add(shown.seriesOf(column), value)
      }
      combined.drainInto(sink)
    }
    return { name: prefix + name, help, type: 'gauge', aggregator, revision: revision(topic), collect }
  }

  function counting(
    name: string,
    topic: Topic,
    help: string,
    collect: Row['collect'],
    clear: (shown: Shown) => void,
  ): Row {
    const [type, aggregator] = ['counter', 'sum'] as const
    return {
      name: prefix + name,
      help,
      type,
      aggregator,
      revision: revision(topic),
      collect,
      reset: reset(topic, clear),
    }
  }

  /** One count of each service that had a scope. */
  function counter(name: string, topic: Topic, help: string, key: 'errors' | 'dropped'): Row {
    const collect: Row['collect'] = (sink, column) =>
      services.eachShown((shown) => {
        if (shown.scoped) sink.add(shown.seriesOf(column), shown[key])
      })
    return counting(name, topic, help, collect, (shown) => {
      shown[key] = 0
    })
  }

  /** Counts with one more label. */
  function counters(
    name: string,
    topic: Topic,
    help: string,
    read: (shown: Shown) => ReadonlyMap<string, Count> | undefined,
  ): Row {
    const collect: Row['collect'] = (sink, column) =>
      services.eachShown((shown) => {
        for (const count of read(shown)?.values() ?? []) sink.add(count.seriesOf(column.name), count.value)
      })
    return counting(name, topic, help, collect, (shown) => {
      for (const count of read(shown)?.values() ?? []) count.value = 0
    })
  }

  const states: Row = {
    name: `${prefix}state`,
    help: 'State of a service: 1 for the one that it is in, 0 for the other six',
    type: 'gauge',
    aggregator: 'max',
    revision: revision('state'),
    collect: (sink, { name }) => {
      const combined = new Combined('max')
      for (const { shown, live } of services.entries.values()) {
        if (live === undefined || live.state === -1) continue
        const target = shown === services.other ? combined : sink
        const series = shown.statesOf(name)
        for (let i = 0; i < series.length; i++) target.add(series[i] as Series, i === live.state ? 1 : 0)
      }
      combined.drainInto(sink)
    },
  }

  function histograms(name: string, topic: Topic, help: string, key: 'tasks' | 'lateness'): Row {
    return {
      name: prefix + name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      revision: revision(topic),
      collect: (sink, column) =>
        services.eachShown((shown) => {
          for (const histogram of shown[key]?.values() ?? []) histogram.collect(sink, column.name)
        }),
      reset: reset(topic, (shown) => {
        shown[key] = undefined
      }),
    }
  }

  return [
    states,
    gauge('state_code', 'max', 'state', `State of a service by number: ${STATE_CODES}`, ({ state }) =>
      state === -1 ? undefined : state,
    ),
    gauge(
      'start_time_seconds',
      'first',
      'startTime',
      'When the start of a service began, in seconds since the epoch',
      (live) => live.startedAt,
    ),
    gauge(
      'start_duration_seconds',
      'max',
      'startDuration',
      'How long the start of a service took, failed or not',
      (live) => live.startSeconds,
    ),
    counters(
      'start_failures_total',
      'startFailures',
      'Failed starts of a service, by type of error',
      (shown) => shown.startFailures,
    ),
    counters(
      'close_failures_total',
      'closeFailures',
      'Failed closes of a service, by type of error',
      (shown) => shown.closeFailures,
    ),
    counter('errors_total', 'errors', 'Health errors that a service has emitted', 'errors'),
    counter(
      'errors_dropped_total',
      'errors',
      'Health errors of a service that were dropped before anyone saw them',
      'dropped',
    ),
    counters(
      'health_transitions_total',
      'transitions',
      'Changes of a service between healthy and unhealthy',
      (shown) => shown.transitions,
    ),
    gauge(
      'health_conditions',
      'max',
      'conditions',
      'Health conditions of a service that are set',
      (live) => live.conditions,
    ),
    histograms('task_duration_seconds', 'taskDuration', 'How long tasks and ticks of a service took', 'tasks'),
    histograms(
      'tick_lateness_seconds',
      'lateness',
      'How long after they were due ticks of a service began',
      'lateness',
    ),
    gauge(
      'tasks_in_flight',
      'sum',
      'inFlight',
      'Tasks and ticks of a service that are running',
      (live) => live.inFlight,
    ),
  ]
}

const STATE_CODES = SERVICE_STATES.map((state, code) => `${code} ${state}`).join(', ')
