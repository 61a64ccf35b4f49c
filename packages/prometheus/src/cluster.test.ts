import { beforeAll, describe, expect, it } from 'vitest'
import { type ClusterOutput, runCluster, WORKERS } from './fixtures/cluster.ts'
import { clients } from './fixtures/clients.ts'
import { parseExposition } from './fixtures/exposition.ts'
import { seriesIn } from './fixtures/program.ts'

/** The value of a series without labels. */
function valueOf(text: string, name: string): number {
  const found = parseExposition(text).flatMap(({ series }) => series.filter((it) => it.name === name))
  expect(found).toHaveLength(1)
  return found[0]?.value ?? Number.NaN
}

describe.each(clients)('a cluster of four workers with %s', (name) => {
  let output: ClusterOutput
  beforeAll(async () => {
    output = await runCluster(name)
  }, 120_000)

  it('is as ill as the illest of them', () => {
    const health = 'health{service_id="App"}'
    expect(output.before.map((text) => seriesIn(text, /^health/))).toEqual(
      [1, 1, 0, 1].map((value) => [`${health} ${value}`]),
    )
    expect(seriesIn(output.text, /^health/)).toEqual([`${health} 0`])
    expect(seriesIn(output.text, /^svc_ready/)).toEqual(['svc_ready{service_id="App"} 1'])
  })

  it('is up as long as the first of them, and was last checked when the last of them was', () => {
    const [least, most] = [output.before, output.after].map((texts) =>
      Math.max(...texts.map((text) => valueOf(text, 'uptime_seconds'))),
    )
    expect(valueOf(output.text, 'uptime_seconds')).toBeGreaterThanOrEqual(least as number)
    expect(valueOf(output.text, 'uptime_seconds')).toBeLessThanOrEqual(most as number)
    const checked = 'svc_health_last_check_timestamp_seconds'
    const times = [...output.before, ...output.after].map((text) => valueOf(text, checked))
    expect(valueOf(output.text, checked)).toBeGreaterThanOrEqual(Math.min(...times))
    expect(valueOf(output.text, checked)).toBeLessThanOrEqual(Math.max(...times))
  })

  it('has counted what all of them have', () => {
    expect(output.before.map((text) => seriesIn(text, /^svc_errors_total.*"App"/))).toEqual(
      [1, 2, 3, 4].map((value) => [`svc_errors_total{service_id="App"} ${value}`]),
    )
    expect(seriesIn(output.text, /^svc_(errors_total|tasks_in_flight).*"App"/)).toEqual([
      'svc_errors_total{service_id="App"} 10',
      `svc_tasks_in_flight{service_id="App"} ${WORKERS}`,
    ])
  })

  it('has one version, and each service in one state', () => {
    expect(seriesIn(output.text, /^(version|svc_state_code)/)).toEqual([
      'version{version="1.2.3",commit="abcdef0"} 1',
      'svc_state_code{service_id="App"} 1',
      'svc_state_code{service_id="HealthCheck"} 1',
    ])
    expect(seriesIn(output.text, /^svc_build_info.* 1$/)).toHaveLength(1)
    expect(seriesIn(output.text, /^svc_state\{service_id="App".* 1$/)).toEqual([
      'svc_state{service_id="App",state="Started"} 1',
    ])
    expect(seriesIn(output.text, /^svc_health_conditions/)).toContain('svc_health_conditions{service_id="App"} 1')
  })

  it('has one histogram of all tasks', () => {
    const buckets = seriesIn(output.text, /^svc_task_duration_seconds_bucket.*task="import"/)
    expect(buckets).toHaveLength(12)
    expect(buckets.at(-1)).toBe(`svc_task_duration_seconds_bucket{le="+Inf",service_id="App",task="import"} ${WORKERS}`)
    const own = output.before.map((text) =>
      Number(
        seriesIn(text, /_sum.*"import"/)[0]
          ?.split(' ')
          .at(-1),
      ),
    )
    const [sum] = seriesIn(output.text, /^svc_task_duration_seconds_sum.*task="import"/)
    expect(Number(sum?.split(' ').at(-1))).toBeCloseTo(own.reduce((total, it) => total + it))
    expect(seriesIn(output.text, /^svc_task_duration_seconds_count.*task="import"/)).toEqual([
      `svc_task_duration_seconds_count{service_id="App",task="import"} ${WORKERS}`,
    ])
  })
})
