import type { RuleSettings } from './options.ts'
import { type AlertRule, duration, INSTANCE, JOB } from './rule.ts'

const MINUTE = 60
const HOUR = 3_600
const WHERE = '{{ $labels.instance }} of {{ $labels.job }}'

/** Alerts about a program as a whole. */
export function programAlerts({ prefix, timeFactor }: RuleSettings): readonly AlertRule[] {
  const time = (seconds: number): string => duration(seconds * timeFactor)
  const seconds = (count: number): number => count * timeFactor
  const lastCheck = `${prefix}health_last_check_timestamp_seconds`
  const build = `${prefix}build_info`
  return [
    {
      alert: 'SvcTargetDown',
      severity: 'critical',
      why: 'Nobody is left who does the work: that is worth waking for, and a restart takes less than this',
      expr: `svc:up:ours == 0 unless on (${JOB}) (svc:up:ours == 1)`,
      forSeconds: 2 * MINUTE,
      summary: 'No instance of {{ $labels.job }} answers',
      description: `${WHERE} has not answered Prometheus for ${time(2 * MINUTE)}, and no other instance of it does.`,
    },
    {
      alert: 'SvcTargetDown',
      severity: 'warning',
      why: 'Others do the work meanwhile. A pod that is moved, or fetches its image, is down for a few minutes',
      expr: `svc:up:ours == 0 and on (${JOB}) (svc:up:ours == 1)`,
      forSeconds: 5 * MINUTE,
      summary: `${WHERE} does not answer`,
      description: `${WHERE} has not answered Prometheus for ${time(5 * MINUTE)}. Other instances of it do.`,
    },
    {
      alert: 'SvcHealthAbsent',
      severity: 'warning',
      why: 'A target that answers and tells no health; or a job that told of itself today and of which no target is left. Not absent(), which knows one job only and cannot name an instance',
      expr: `(svc:up:ours == 1 unless on (${INSTANCE}) health{service_id!=""})
or
(
  last_over_time(job:svc_build_info:count[${time(12 * HOUR)}])
  unless on (${JOB}) instance:svc_build_info:known
  unless on (${JOB}) svc:up:ours
)`,
      forSeconds: 5 * MINUTE,
      summary: '{{ with $labels.instance }}{{ . }} of {{ end }}{{ $labels.job }} tells no health',
      description: `{{ if $labels.instance }}${WHERE} answers Prometheus, but has shown no series "health" for ${time(5 * MINUTE)}. If it is unhealthy nobody hears of it.{{ else }}{{ $labels.job }} told its health within the last ${time(12 * HOUR)}. Prometheus has had no target of it that does for ${time(5 * MINUTE)}.{{ end }}`,
    },
    {
      alert: 'SvcHealthCheckerStalled',
      severity: 'critical',
      why: 'Reporters are not polled, so all health is old. Measured against the interval that the checker has kept so far, which may be longer than the default of 15 s; before its second poll that is not known. The clocks of two machines may differ, so the time of the check has to stand still as well',
      expr: `(time() - ${lastCheck} > ${seconds(60)} and changes(${lastCheck}[${time(3 * MINUTE)}]) == 0)
unless
(
  time() - ${lastCheck}
  < 4 * (max_over_time(${lastCheck}[${time(HOUR)}]) - min_over_time(${lastCheck}[${time(HOUR)}])) / changes(${lastCheck}[${time(HOUR)}])
)
unless
(time() - ${lastCheck} < ${seconds(300)} and changes(${lastCheck}[${time(HOUR)}]) == 0)`,
      forSeconds: MINUTE,
      summary: `The health of ${WHERE} is not checked any more`,
      description: `The last check in ${WHERE} was {{ $value | humanizeDuration }} ago. What it shows as healthy may not be.`,
    },
    {
      alert: 'SvcCrashLoop',
      severity: 'critical',
      why: 'Three restarts in half an hour: Kubernetes waits up to 5 minutes between two, and what is dead at once is seen once each time. uptime_seconds is for programs without the default metrics of the client',
      expr: `(
  changes(process_start_time_seconds[${time(30 * MINUTE)}]) > 2
  or
  resets(uptime_seconds[${time(30 * MINUTE)}]) > 2
)
and on (${INSTANCE}) svc:up:ours`,
      summary: `${WHERE} restarts again and again`,
      description: `${WHERE} has been restarted {{ $value }} times within ${time(30 * MINUTE)}.`,
    },
    {
      alert: 'SvcVersionSkew',
      severity: 'info',
      why: 'A deployment that has stopped half-way. An hour is enough for one that goes on',
      expr: `count by (${JOB}) (count by (${JOB}, version, commit) (${build})) > 1`,
      forSeconds: HOUR,
      summary: '{{ $labels.job }} runs in {{ $value }} versions at once',
      description: `Instances of {{ $labels.job }} have been running {{ $value }} different builds for ${time(HOUR)}.`,
    },
  ]
}
