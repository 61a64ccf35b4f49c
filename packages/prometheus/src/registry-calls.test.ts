import { emit } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { begin, child, createProgram, end, run, seriesIn, start } from './fixtures/program.ts'

describe.each(clients)('the metrics of prometheus(), with %s,', (_, { Registry, AggregatorRegistry }) => {
  it('are combined over a cluster as each of them means it', async () => {
    const workers = [0, 1, 2].map((worker) => {
      const registry = new Registry()
      const { scope } = createProgram({ registry })
      const source = createFakeSource({ startedAt: Date.now() - (worker + 1) * 1_000_000 })
      const app = child(scope, 'App')
      start(app)
      run(app, 'task', 'work', worker)
      begin(app, 'task')
      emit(app, { type: 'error', scope: app, error: new Error('x'), dropped: worker })
      emit(app, { type: 'condition', scope: app, key: '', error: null, active: worker })
      source.poll(scope, { App: worker === 1 ? new Error('red') : null })
      source.set({ checkedAt: 1000 * (worker + 1) })
      return registry
    })
    const reports = await Promise.all(workers.map((worker) => worker.getMetricsAsJSON()))
    const text = await AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(reports)) as object[][]).metrics()

    expect(
      seriesIn(
        text,
        /^(health|version|svc_ready|svc_state_code|svc_errors|svc_health_c|svc_health_last|svc_task_duration_seconds_count|svc_tasks)/,
      ),
    ).toEqual([
      'health{service_id="App"} 0',
      'version{version="1.2.3",commit="abcdef0"} 1',
      'svc_ready{service_id="App"} 0',
      'svc_health_last_check_timestamp_seconds 1',
      expect.stringMatching(/^svc_health_check_duration_seconds_bucket{le="0.0005"} 0$/),
      ...seriesIn(text, /^svc_health_check_duration_seconds/).slice(1),
      'svc_state_code{service_id="App"} 1',
      'svc_errors_total{service_id="App"} 3',
      'svc_errors_dropped_total{service_id="App"} 3',
      'svc_health_conditions{service_id="App"} 2',
      'svc_task_duration_seconds_count{service_id="App",task="work"} 3',
      'svc_tasks_in_flight{service_id="App"} 3',
    ])
    expect(Number(seriesIn(text, /^uptime_seconds/)[0]?.split(' ')[1])).toBeGreaterThan(2999)
    expect(seriesIn(text, /^svc_health_check_duration_seconds_count/)).toEqual([
      'svc_health_check_duration_seconds_count 3',
    ])
  })

  it('are counted from zero after resetMetrics, while facts stay', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const app = child(scope, 'App')
    const source = createFakeSource()
    start(app)
    end(begin(app, 'start'), 1, new Error('x'))
    end(begin(app, 'close'), 1, new Error('x'))
    run(app, 'task', 'work', 1)
    emit(app, { type: 'error', scope: app, error: new Error('x'), dropped: 1 })
    source.poll(scope, { App: null })
    source.poll(scope, { App: new Error('red') })
    const counts = async () =>
      seriesIn(await registry.metrics(), /_total|_count/).map((line) => line.replace(/^svc_|{.*}/g, ''))
    const facts = async () =>
      seriesIn(await registry.metrics(), /^(health{|version|svc_state|svc_start_[td]|svc_tasks_)/)
    const [counted, known] = [await counts(), await facts()]
    registry.resetMetrics()

    expect(counted).toEqual([
      'health_check_duration_seconds_count 2',
      'start_failures_total 1',
      'close_failures_total 1',
      'errors_total 1',
      'errors_dropped_total 1',
      'health_transitions_total 0',
      'health_transitions_total 1',
      'task_duration_seconds_count 1',
    ])
    expect(await counts()).toEqual([
      'health_check_duration_seconds_count 0',
      'start_failures_total 0',
      'close_failures_total 0',
      'errors_total 0',
      'errors_dropped_total 0',
      'health_transitions_total 0',
      'health_transitions_total 0',
    ])
    expect(known).toHaveLength(13)
    expect(await facts()).toEqual(known)
    run(app, 'task', 'work', 1)
    expect(await counts()).toContain('task_duration_seconds_count 1')
  })
})
