import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  LineInterpolation,
  LineStyleBuilder,
  StackingConfigBuilder,
  StackingMode,
} from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { columnOf, PROGRAM_LINK, thresholds, UP_MAP } from './fields.ts'
import { lines, sortedBy, table } from './panels.ts'
import { column, graph, highest, IN_RANGE, PROGRAM } from './queries.ts'

const BY = 'job, instance'

/** The process itself: what slows down everything in it. */
export function processPanels(): readonly Builder<Panel>[] {
  return [eventLoop(), heap(), processor(), healthChecks()].map((panel) => panel.height(10))
}

/** Of those programs that were highest in the time range. */
function worst(gauge: string): string {
  return highest(`max by (${BY}) (${gauge})`, BY, `max by (${BY}) (max_over_time(${gauge}${IN_RANGE}))`)
}

function eventLoop(): ReturnType<typeof lines> {
  return lines({
    title: 'Event-loop delay, 99th percentile',
    description:
      'How long callbacks wait before they run. All services of a program share one event loop: when this is high, ticks are late, time-outs fire and probes fail for services that are not to blame. Next: CPU and heap beside it; then which task runs long without waiting for anything.',
    noValue: 'The default metrics of the client are not collected',
  })
    .unit('s')
    .thresholds(thresholds([0.1, 'orange'], [1, 'red']))
    .withTarget(graph(worst(`nodejs_eventloop_lag_p99_seconds{${PROGRAM}}`), '{{instance}}'))
    .span(6)
}

function heap(): ReturnType<typeof lines> {
  return lines({
    title: 'Heap and memory',
    description:
      'Memory in use by JavaScript, and all memory of the process (dashed). A heap that rises from one collection to the next is a leak; near its limit the collector takes all the time, then the process ends. Memory that rises without the heap: buffers or native code. Next: restarts, and tasks in flight.',
    noValue: 'The default metrics of the client are not collected',
  })
    .unit('bytes')
    .withTarget(graph(worst(`nodejs_heap_size_used_bytes{${PROGRAM}}`), '{{instance}}'))
    .withTarget(graph(worst(`process_resident_memory_bytes{${PROGRAM}}`), '{{instance}} process').refId('B'))
    .overrideByRegexp('/ process$/', [
      { id: 'custom.lineStyle', value: new LineStyleBuilder().fill('dash').dash([6, 6]).build() },
    ])
    .span(6)
}

function processor(): ReturnType<typeof lines> {
  const total = `process_cpu_seconds_total{${PROGRAM}}`
  return lines({
    title: 'CPU',
    description:
      'Time on the processor, 100 % being one core, which is about all that JavaScript can use. Near it the event loop is late. Low while the delay is high: the machine gives no time, look for throttling. Next: the delay of the event loop.',
    noValue: 'The default metrics of the client are not collected',
  })
    .unit('percentunit')
    .withTarget(
      graph(
        highest(
          `max by (${BY}) (rate(${total}[$__rate_interval]))`,
          BY,
          `max by (${BY}) (increase(${total}${IN_RANGE}))`,
        ),
        '{{instance}}',
      ),
    )
    .span(6)
}

function healthChecks(): ReturnType<typeof lines> {
  const buckets = `svc_health_check_duration_seconds_bucket{${PROGRAM}}`
  const sum = `svc_health_check_duration_seconds_sum{${PROGRAM}}`
  return lines({
    title: 'Health-check durations, 99th percentile',
    description:
      'How long one look at the health of all services takes. It only reads what is in memory: milliseconds. More means a reporter that computes or blocks, or a very large tree. Next: reporters that are written by hand.',
    noValue: 'No health check ran in this time range',
  })
    .unit('s')
    .withTarget(
      graph(
        highest(
          `histogram_quantile(0.99, sum by (le, ${BY}) (rate(${buckets}[5m])))`,
          BY,
          `max by (${BY}) (increase(${sum}${IN_RANGE}))`,
        ),
        '{{instance}}',
      ),
    )
    .span(6)
}

/** What runs where, in which version. */
export function versionPanels(): readonly Builder<Panel>[] {
  return [programs(), versions()].map((panel) => panel.height(9))
}

function programs(): ReturnType<typeof table> {
  return table(
    {
      title: 'Programs',
      description:
        'Each program that Prometheus scrapes, with what it runs. One version where others run another: a deployment that has stopped half-way. Next: the link of an instance opens its own page.',
      noValue: 'No program found',
    },
    [
      ['job', 'Job'],
      ['instance', 'Instance'],
      ['Value #A', 'Scraped'],
      ['Value #B', 'Unhealthy services'],
      ['version', 'Version'],
      ['commit', 'Commit'],
      ['runtime', 'Runtime'],
      ['Value #C', 'Started'],
    ],
    // Only its labels matter
    { hidden: ['Value #D'] },
  )
    .sortBy(sortedBy('Unhealthy services', true))
    .withTarget(column('A', `max by (${BY}) (up{${PROGRAM}})`))
    .withTarget(column('B', `sum by (${BY}) (health{${PROGRAM}} == bool 0)`))
    .withTarget(column('C', `1000 * max by (${BY}) (process_start_time_seconds{${PROGRAM}})`))
    .withTarget(column('D', `count by (${BY}, version, commit, runtime) (svc_build_info{${PROGRAM}})`))
    .overrideByName('Instance', columnOf({ links: [PROGRAM_LINK] }))
    .overrideByName('Scraped', columnOf({ mappings: [UP_MAP], colored: true, width: 90 }))
    .overrideByName(
      'Unhealthy services',
      columnOf({ unit: 'none', colored: true, thresholds: thresholds([1, 'red']), width: 150 }),
    )
    .overrideByName('Started', columnOf({ unit: 'dateTimeFromNow', width: 140 }))
    .overrideByRegexp('/^(Version|Commit|Runtime|Job)$/', columnOf({}))
    .span(14)
}

function versions(): ReturnType<typeof lines> {
  return lines({
    title: 'Versions over time',
    description:
      'How many programs run which version. What turned red when a version came, came with it. Next: the annotations at the top of each graph mark the same moment.',
    noValue: 'No program told its version in this time range',
  })
    .unit('short')
    .decimals(0)
    .lineInterpolation(LineInterpolation.StepAfter)
    .fillOpacity(40)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
    .withTarget(graph(`count by (job, version) (svc_build_info{${PROGRAM}})`, '{{job}} {{version}}'))
    .span(10)
}
