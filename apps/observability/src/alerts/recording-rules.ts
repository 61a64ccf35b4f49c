import type { RuleSettings } from './options.ts'
import { duration, INSTANCE, JOB, type RecordingRule, SERVICE } from './rule.ts'

const MINUTE = 60
const HOUR = 3_600

/** What alerts and dashboards share. The alerts ask `svc:up:ours` which targets of Prometheus are ours. */
export function recordingRules({ prefix, jobs, timeFactor }: RuleSettings): readonly RecordingRule[] {
  const time = (seconds: number): string => duration(seconds * timeFactor)
  const build = `${prefix}build_info`
  return [
    {
      record: 'job:svc_build_info:count',
      why: 'How many instances tell of themselves',
      expr: `count by (${JOB}) (${build})`,
    },
    {
      record: 'instance:svc_build_info:known',
      why: `Targets that are ours: they have shown ${build}, or are of a job that is named here. Once known they stay so as long as they are scraped, up or down`,
      expr: `group by (${INSTANCE}) (${build} or up{job=~"${escape(jobs.join('|'))}"})
or
last_over_time(instance:svc_build_info:known[${time(HOUR)}]) and on (${INSTANCE}) up`,
    },
    {
      record: 'job:svc_build_info:known',
      why: "Jobs that are ours and nobody else's, so that an instance of them which has never been up is ours too",
      expr: `group by (${JOB}) (last_over_time(job:svc_build_info:count[${time(12 * HOUR)}]) or instance:svc_build_info:known)
unless on (${JOB})
(up == 1 unless on (${INSTANCE}) instance:svc_build_info:known)`,
    },
    {
      record: 'svc:up:ours',
      why: 'Whether those targets answer',
      expr: `up and on (${INSTANCE}) instance:svc_build_info:known
or
up == 0 and on (${JOB}) job:svc_build_info:known`,
    },
    {
      record: 'svc:health:min',
      why: 'The health of a whole program: 0 while any of its services is unhealthy',
      expr: `min by (${INSTANCE}) (health{service_id!=""})`,
    },
    {
      record: 'svc:errors:rate5m',
      why: 'Health errors a second of each service',
      expr: `sum by (${SERVICE}) (rate(${prefix}errors_total[${time(5 * MINUTE)}]))`,
    },
  ]
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
