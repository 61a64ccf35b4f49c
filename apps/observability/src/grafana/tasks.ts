import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { dataLinks, serviceLink, thresholds } from './fields.ts'
import { heatmap, lines } from './panels.ts'
import { graph, highest, histogram, IN_RANGE, SERVICE } from './queries.ts'

const BY = 'service_id, task'
const LEGEND = '{{service_id}} {{task}}'
const BUCKETS = `svc_task_duration_seconds_bucket{${SERVICE}}`
const SUM = `svc_task_duration_seconds_sum{${SERVICE}}`
/** The time that went into each task. */
const TIME_SPENT = `sum by (${BY}) (increase(${SUM}${IN_RANGE}))`
const LINKS = dataLinks(serviceLink('__field.labels.service_id'))
/** Ticks may be minutes apart: their points are joined over that much time without one. */
const JOIN_MS = 3_600_000

/** How long ticks and tasks take, whether they keep up, and how many run. */
export function taskPanels(): readonly Builder<Panel>[] {
  return [durations(), distribution(), atWork(), lateness(), inFlight()]
}

function durations(): Builder<Panel> {
  return lines({
    title: 'Tick and task durations, 99th percentile',
    description:
      'One run in a hundred takes longer than this; the tasks that took most of the time are shown. It is read from buckets, so it is as exact as those are. A dot is one run with a recorded trace. Next: the trace of a dot near the top shows what that run waited for.',
    noValue: 'No tick and no task has ended in this time range',
  })
    .unit('s')
    .spanNulls(JOIN_MS)
    .dataLinks(LINKS)
    .withTarget(
      graph(
        highest(`histogram_quantile(0.99, sum by (le, ${BY}) (rate(${BUCKETS}[$__rate_interval])))`, BY, TIME_SPENT),
        LEGEND,
      ).exemplar(true),
    )
    .span(12)
    .height(11)
}

function distribution(): Builder<Panel> {
  return heatmap({
    title: 'Distribution of durations',
    description:
      'How many ticks and tasks took how long. Two bands where there was one: some runs have begun to wait for something, which a percentile shows late or not at all. Choose one service at the top to see it alone. Next: the traces behind the dots.',
    noValue: 'No tick and no task has ended in this time range',
  })
    .interval('1m')
    .withTarget(histogram(`sum by (le) (increase(${BUCKETS}[$__rate_interval]))`).exemplar(true))
    .span(12)
    .height(11)
}

function atWork(): Builder<Panel> {
  return lines({
    title: 'Time at work',
    description:
      'How much of its time a tick or task is running, in the program where that is most. Ticks do not overlap: one that is near 100 % has no pause left, takes longer than its period, and each tick from then on is late or left out. Tasks may run side by side and be above it. Next: its durations, and what it waits for in its traces.',
    noValue: 'No tick and no task has ended in this time range',
  })
    .unit('percentunit')
    .spanNulls(JOIN_MS)
    .thresholds(thresholds([1, 'red']))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
    .dataLinks(LINKS)
    .withTarget(graph(highest(`max by (${BY}) (rate(${SUM}[$__rate_interval]))`, BY, TIME_SPENT), LEGEND))
    .span(8)
    .height(10)
}

function lateness(): Builder<Panel> {
  const late = `sum by (le, ${BY}) (rate(svc_tick_lateness_seconds_bucket{${SERVICE}}[$__rate_interval]))`
  const timeLate = `sum by (${BY}) (increase(svc_tick_lateness_seconds_sum{${SERVICE}}${IN_RANGE}))`
  return lines({
    title: 'Lateness of ticks, 99th percentile',
    description:
      'How long after it was due one tick in a hundred began; those that lost most time are shown. One service alone: its ticks take longer than their period. All of them together: something holds the event loop up. A line that ends: no tick has begun, the last one hangs or the service has stopped. Next: the time at work beside it, and the delay of the event loop.',
    noValue: 'No tick has begun in this time range',
  })
    .unit('s')
    .spanNulls(JOIN_MS)
    .dataLinks(LINKS)
    .withTarget(graph(highest(`histogram_quantile(0.99, ${late})`, BY, timeLate), LEGEND))
    .span(8)
    .height(10)
}

function inFlight(): Builder<Panel> {
  const gauge = `svc_tasks_in_flight{${SERVICE}}`
  return lines({
    title: 'Tasks in flight',
    description:
      'Ticks and tasks that run now. A number that only grows: more comes in than goes out, and memory follows. One that stays at the same number while no run ends: they hang, and the close of the service will wait for them. Next: the page of the program, which has each with its age.',
    noValue: 'No tick and no task ran in this time range',
  })
    .unit('short')
    .decimals(0)
    .dataLinks(LINKS)
    .withTarget(
      graph(
        highest(
          `sum by (service_id) (${gauge})`,
          'service_id',
          `sum by (service_id) (max_over_time(${gauge}${IN_RANGE})) > 0`,
        ),
        '{{service_id}}',
      ),
    )
    .span(8)
    .height(10)
}
