import { describe, expect, it } from 'vitest'
import { type ExportedMetric, exportedMetrics } from './exported-metrics.ts'

describe('exportedMetrics()', () => {
  it('knows type, help and labels of what services export', async () => {
    const metrics = await exportedMetrics()
    const shown = (name: string) => show(metrics.get(name))

    expect(shown('health')).toBe('health gauge {service_id} Health of a service: 1 healthy, 0 unhealthy')
    expect(shown('svc_state')).toMatch(/^svc_state gauge \{service_id,state\} State of a service/)
    expect(shown('svc_build_info')).toMatch(/^svc_build_info gauge \{commit,runtime,version\} /)
    expect(shown('svc_start_failures_total')).toMatch(/ counter \{error_type,service_id\} /)
    expect(shown('svc_close_failures_total')).toMatch(/ counter \{error_type,service_id\} /)
    expect(shown('svc_health_transitions_total')).toMatch(/ counter \{service_id,to\} /)
  })

  it('knows a histogram by the names that its series have', async () => {
    const metrics = await exportedMetrics()
    const family = /^svc_task_duration_seconds histogram /

    expect(metrics.has('svc_task_duration_seconds')).toBe(false)
    expect(show(metrics.get('svc_task_duration_seconds_bucket'))).toMatch(family)
    expect([...metrics.get('svc_task_duration_seconds_bucket')!.labels].toSorted()).toEqual([
      'le',
      'service_id',
      'task',
    ])
    expect([...metrics.get('svc_task_duration_seconds_count')!.labels].toSorted()).toEqual(['service_id', 'task'])
    expect(show(metrics.get('svc_task_duration_seconds_sum'))).toMatch(family)
  })

  it('knows the metrics of the process', async () => {
    const metrics = await exportedMetrics()

    expect(metrics.get('process_start_time_seconds')?.type).toBe('gauge')
    expect(metrics.get('nodejs_eventloop_lag_p99_seconds')?.type).toBe('gauge')
    expect([...metrics.get('nodejs_gc_duration_seconds_bucket')!.labels].toSorted()).toEqual(['kind', 'le'])
  })

  it('has a help text and a type for each', async () => {
    const metrics = await exportedMetrics()

    expect(
      [...metrics].filter(([, { help, type }]) => help === '' || !/^(gauge|counter|histogram)$/.test(type)),
    ).toEqual([])
  })
})

function show(metric: ExportedMetric | undefined): string | undefined {
  return metric && `${metric.family} ${metric.type} {${[...metric.labels].toSorted().join(',')}} ${metric.help}`
}
