import type { RuleSettings } from './options.ts'
import { type AlertRule, duration, INSTANCE, SERVICE } from './rule.ts'

const MINUTE = 60
const HOUR = 3_600
const SERVICE_NAME = '{{ $labels.service_id }}'
const WHERE = `${SERVICE_NAME} in {{ $labels.job }} at {{ $labels.instance }}`
/** The admin listener, which was scraped, has the page too. */
const PAGE = 'See http://{{ $labels.instance }}/'

/** Alerts that name one service. Target labels (pod, namespace) stay, so that they can be routed by them. */
export function serviceAlerts({ prefix, timeFactor }: RuleSettings): readonly AlertRule[] {
  const time = (seconds: number): string => duration(seconds * timeFactor)
  const seconds = (count: number): number => count * timeFactor
  const is = (states: string): string => `${prefix}state{${states}} == 1`
  const unhealthy = `health{service_id!=""} == 0
unless on (${SERVICE}) (${is('state!="Started", service_id!="_other"')})
unless (
  (health{service_id!=""} == 0 unless on (${SERVICE}) ${prefix}state)
  and on (${INSTANCE}) (${is('state=~"Starting|Stopping"')} and on (${SERVICE}) ${prefix}ready)
)`
  return [
    {
      alert: 'SvcUnhealthy',
      severity: 'warning',
      why: 'A service in another state than Started has an alert of its own; _other is in all states at once. One without a state has not been started yet, which is as it should be while a root, that is one that is registered, starts or stops',
      expr: unhealthy,
      forSeconds: 2 * MINUTE,
      summary: `${SERVICE_NAME} is unhealthy`,
      description: `${WHERE} has been unhealthy for more than ${time(2 * MINUTE)}. ${PAGE}`,
    },
    {
      alert: 'SvcUnhealthyLong',
      severity: 'critical',
      why: 'The same for so long that it does not mend itself. One healthy look in between does not end it, nor call again',
      expr: unhealthy,
      forSeconds: 15 * MINUTE,
      keepFiringForSeconds: 5 * MINUTE,
      summary: `${SERVICE_NAME} stays unhealthy`,
      description: `${WHERE} has been unhealthy for more than ${time(15 * MINUTE)}. ${PAGE}`,
    },
    {
      alert: 'SvcFlapping',
      severity: 'warning',
      why: 'What fails for less than the time of SvcUnhealthy, again and again. A restart is two changes at most. _other stands for many, of which each may change once',
      expr: `changes(health{service_id!="", service_id!="_other"}[${time(15 * MINUTE)}]) > 4`,
      summary: `${SERVICE_NAME} is unhealthy again and again`,
      description: `${WHERE} has changed between healthy and unhealthy {{ $value }} times within ${time(15 * MINUTE)}. ${PAGE}`,
    },
    {
      alert: 'SvcNotReady',
      severity: 'warning',
      why: 'It, or a service below it, was never started, or has stopped while the program goes on. A start or close that fails or takes long has an alert of its own',
      expr: `${prefix}ready == 0
unless on (${SERVICE}) (${is('state=~"Starting|StartFailed|Stopping|StopFailed", service_id!="_other"')})`,
      forSeconds: 5 * MINUTE,
      summary: `${SERVICE_NAME} is not ready`,
      description: `${WHERE} has not been ready for more than ${time(5 * MINUTE)}, and gets no traffic where readiness decides that. ${PAGE}`,
    },
    {
      alert: 'SvcStartFailed',
      severity: 'critical',
      why: 'The program still runs and does not serve. One that ends after it, as it should, is restarted within this time, and SvcCrashLoop sees it',
      expr: is('state="StartFailed"'),
      forSeconds: MINUTE,
      summary: `The start of ${SERVICE_NAME} failed`,
      description: `The start of ${WHERE} failed more than ${time(MINUTE)} ago, and the program runs on without it.`,
    },
    {
      alert: 'SvcStuckTransition',
      severity: 'warning',
      why: 'Of _other there is nearly always one that starts or stops',
      expr: is('state=~"Starting|Stopping", service_id!="_other"'),
      forSeconds: 5 * MINUTE,
      summary: `${SERVICE_NAME} hangs in {{ $labels.state }}`,
      description: `${WHERE} has been {{ $labels.state }} for more than ${time(5 * MINUTE)}. ${PAGE}`,
    },
    {
      alert: 'SvcStopFailed',
      severity: 'warning',
      why: 'At a shutdown it is seen for moments only, so it stays for a while',
      expr: is('state="StopFailed"'),
      keepFiringForSeconds: 15 * MINUTE,
      summary: `The close of ${SERVICE_NAME} failed`,
      description: `The close of ${WHERE} failed. Something of it may still run, or was not written.`,
    },
    {
      alert: 'SvcErrorBurst',
      severity: 'warning',
      why: 'Errors that a service survives, but many at once',
      expr: `increase(${prefix}errors_total[${time(5 * MINUTE)}]) > 10`,
      summary: `${SERVICE_NAME} has many errors`,
      description: `${WHERE} has emitted {{ $value | printf "%.0f" }} health errors within ${time(5 * MINUTE)}. ${PAGE}`,
    },
    {
      alert: 'SvcErrorsDropped',
      severity: 'info',
      why: 'More errors between two polls than the buffer of a service holds',
      expr: `increase(${prefix}errors_dropped_total[${time(15 * MINUTE)}]) > 0`,
      summary: `Errors of ${SERVICE_NAME} were dropped`,
      description: `About {{ $value | printf "%.0f" }} errors of ${WHERE} were dropped within ${time(15 * MINUTE)}, before anyone saw them.`,
    },
    {
      alert: 'SvcSlowStart',
      severity: 'info',
      why: 'The duration is shown for as long as the program runs; it is news for an hour',
      expr: `${prefix}start_duration_seconds > ${seconds(30)}
and
time() - ${prefix}start_time_seconds < ${seconds(HOUR)}`,
      summary: `${SERVICE_NAME} is slow to start`,
      description: `The start of ${WHERE} took {{ $value | humanizeDuration }}.`,
    },
  ]
}
