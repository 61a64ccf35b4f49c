import {
  type HistogramFact,
  type Live,
  METRIC_FACTS,
  TASK_DURATION,
  TICK_LATENESS,
  type Topic,
} from '@svc/core/internal'
import type { Row } from './column.ts'
import type { Series } from './series.ts'
import type { Services } from './services.ts'
import type { Count, Shown } from './shown.ts'
import { Combined } from './sink.ts'

type Fact = keyof typeof METRIC_FACTS
type Counted = Extract<Fact, 'startFailures' | 'closeFailures' | 'errors' | 'dropped' | 'transitions'>

/** The metrics that the events of services feed. */
export function serviceRows(prefix: string, services: Services, revisions: Record<Topic, number>): Row[] {
  const revision = (topic: Topic) => () => services.revision + revisions[topic]
  const reset = (topic: Topic, put: (shown: Shown) => void) => () => {
    revisions[topic]++
    services.eachAccount(put)
  }

  /** One value of each live scope; `undefined` is no series. */
  function gauge(name: string, fact: Fact, topic: Topic, read: (live: Live<Shown>) => number | undefined): Row {
    const { help, aggregator } = METRIC_FACTS[fact]
    const collect: Row['collect'] = (sink, column) => {
      const combined = new Combined(aggregator)
      for (const { account: shown, live } of services.entries.values()) {
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
    fact: Counted,
    topic: Topic,
    collect: Row['collect'],
    clear: (shown: Shown) => void,
  ): Row {
    return {
      name: prefix + name,
      ...METRIC_FACTS[fact],
      type: 'counter',
      revision: revision(topic),
      collect,
      reset: reset(topic, clear),
    }
  }

  /** One count of each service that had a scope. */
  function counter(name: string, key: 'errors' | 'dropped'): Row {
    const collect: Row['collect'] = (sink, column) =>
      services.eachAccount((shown) => {
        if (shown.scoped) sink.add(shown.seriesOf(column), shown[key])
      })
    return counting(name, key, 'errors', collect, (shown) => {
      shown[key] = 0
    })
  }

  /** Counts with one more label. */
  function counters(
    name: string,
    topic: Counted & Topic,
    read: (shown: Shown) => ReadonlyMap<string, Count> | undefined,
  ): Row {
    const collect: Row['collect'] = (sink, column) =>
      services.eachAccount((shown) => {
        for (const count of read(shown)?.values() ?? []) sink.add(count.seriesOf(column.name), count.value)
      })
    return counting(name, topic, topic, collect, (shown) => {
      for (const count of read(shown)?.values() ?? []) count.value = 0
    })
  }

  const states: Row = {
    name: `${prefix}state`,
    ...METRIC_FACTS.state,
    type: 'gauge',
    revision: revision('state'),
    collect: (sink, { name }) => {
      const combined = new Combined(METRIC_FACTS.state.aggregator)
      for (const { account: shown, live } of services.entries.values()) {
        if (live === undefined || live.state === -1) continue
        const target = shown === services.other ? combined : sink
        const series = shown.statesOf(name)
        for (let i = 0; i < series.length; i++) target.add(series[i] as Series, i === live.state ? 1 : 0)
      }
      combined.drainInto(sink)
    },
  }

  function histograms(name: string, topic: Topic, { help }: HistogramFact, key: 'tasks' | 'lateness'): Row {
    return {
      name: prefix + name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      revision: revision(topic),
      collect: (sink, column) =>
        services.eachAccount((shown) => {
          for (const histogram of shown[key]?.values() ?? []) histogram.collect(sink, column.name)
        }),
      reset: reset(topic, (shown) => {
        shown[key] = undefined
      }),
    }
  }

  return [
    states,
    gauge('state_code', 'stateCode', 'state', ({ state }) => (state === -1 ? undefined : state)),
    gauge('start_time_seconds', 'startTime', 'startTime', (live) => live.startedAt),
    gauge('start_duration_seconds', 'startDuration', 'startDuration', (live) => live.startSeconds),
    counters('start_failures_total', 'startFailures', (shown) => shown.startFailures),
    counters('close_failures_total', 'closeFailures', (shown) => shown.closeFailures),
    counter('errors_total', 'errors'),
    counter('errors_dropped_total', 'dropped'),
    counters('health_transitions_total', 'transitions', (shown) => shown.transitions),
    gauge('health_conditions', 'conditions', 'conditions', (live) => live.conditions),
    histograms('task_duration_seconds', 'taskDuration', TASK_DURATION, 'tasks'),
    histograms('tick_lateness_seconds', 'lateness', TICK_LATENESS, 'lateness'),
    gauge('tasks_in_flight', 'inFlight', 'inFlight', (live) => live.inFlight),
  ]
}
