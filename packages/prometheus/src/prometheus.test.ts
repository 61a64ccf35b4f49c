import { emit, runOperation, ServiceError } from '@svc/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { begin, BEGUN, child, createProgram, end, fail, move, run, seriesIn, start } from './fixtures/program.ts'
import { prometheus } from './index.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(clients)('prometheus() with %s', (_, { Registry }) => {
  it('shows a small tree', async () => {
    vi.spyOn(performance, 'now').mockReturnValue(1_700_000_090_500 - performance.timeOrigin)
    vi.spyOn(globalThis, 'navigator', 'get').mockReturnValue({ userAgent: 'Node.js/24' } as Navigator)
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const app = child(scope, 'App')
    const db = child(app, 'Database')
    const jobs = child(app, 'Jobs')
    const source = createFakeSource()

    start(db)
    fail(jobs, 'start', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))
    fail(app, 'start', new ServiceError('Cannot start', { code: 'START_FAILED', service: 'App' }))
    fail(db, 'close', new RangeError('no such port'))
    source.poll(scope, { App: null, 'App.Database': null }, { readiness: { App: null } })
    source.poll(
      scope,
      { App: new Error('red'), 'App.Database': null },
      { readiness: { App: new Error('not ready') }, seconds: 0.3 },
    )
    run(db, 'tick', 'vacuum', 0.002)
    run(db, 'tick', 'vacuum', 0.2)
    run(db, 'task', 'import', 400)
    begin(db, 'task', 'export')
    emit(scope, { type: 'error', scope: db, error: new Error('lost'), dropped: 0 })
    emit(scope, { type: 'condition', scope: db, key: 'disk', error: new Error('full'), active: 1 })

    expect(await registry.metrics()).toMatchInlineSnapshot(`
      "# HELP health Health of a service: 1 healthy, 0 unhealthy
      # TYPE health gauge
      health{service_id="App"} 0
      health{service_id="App.Database"} 1

      # HELP uptime_seconds Time since the health checker was started
      # TYPE uptime_seconds gauge
      uptime_seconds 90.5

      # HELP version Version and commit of the program; always 1
      # TYPE version gauge
      version{version="1.2.3",commit="abcdef0"} 1

      # HELP svc_build_info Version, commit and runtime of the program; always 1
      # TYPE svc_build_info gauge
      svc_build_info{version="1.2.3",commit="abcdef0",runtime="Node.js/24"} 1

      # HELP svc_ready Readiness of a registered service: 1 ready, 0 not ready
      # TYPE svc_ready gauge
      svc_ready{service_id="App"} 0

      # HELP svc_health_last_check_timestamp_seconds When reporters were last polled, in seconds since the epoch
      # TYPE svc_health_last_check_timestamp_seconds gauge
      svc_health_last_check_timestamp_seconds 1700000060

      # HELP svc_health_check_duration_seconds How long health checks took
      # TYPE svc_health_check_duration_seconds histogram
      svc_health_check_duration_seconds_bucket{le="0.0005"} 0
      svc_health_check_duration_seconds_bucket{le="0.001"} 0
      svc_health_check_duration_seconds_bucket{le="0.0025"} 1
      svc_health_check_duration_seconds_bucket{le="0.005"} 1
      svc_health_check_duration_seconds_bucket{le="0.01"} 1
      svc_health_check_duration_seconds_bucket{le="0.025"} 1
      svc_health_check_duration_seconds_bucket{le="0.05"} 1
      svc_health_check_duration_seconds_bucket{le="0.1"} 1
      svc_health_check_duration_seconds_bucket{le="0.25"} 1
      svc_health_check_duration_seconds_bucket{le="0.5"} 2
      svc_health_check_duration_seconds_bucket{le="1"} 2
      svc_health_check_duration_seconds_bucket{le="+Inf"} 2
      svc_health_check_duration_seconds_sum 0.302
      svc_health_check_duration_seconds_count 2

      # HELP svc_state State of a service: 1 for the one that it is in, 0 for the other six
      # TYPE svc_state gauge
      svc_state{service_id="App.Database",state="Unstarted"} 0
      svc_state{service_id="App.Database",state="Started"} 0
      svc_state{service_id="App.Database",state="Starting"} 0
      svc_state{service_id="App.Database",state="StartFailed"} 0
      svc_state{service_id="App.Database",state="Stopping"} 0
      svc_state{service_id="App.Database",state="Stopped"} 0
      svc_state{service_id="App.Database",state="StopFailed"} 1
      svc_state{service_id="App.Jobs",state="Unstarted"} 0
      svc_state{service_id="App.Jobs",state="Started"} 0
      svc_state{service_id="App.Jobs",state="Starting"} 0
      svc_state{service_id="App.Jobs",state="StartFailed"} 1
      svc_state{service_id="App.Jobs",state="Stopping"} 0
      svc_state{service_id="App.Jobs",state="Stopped"} 0
      svc_state{service_id="App.Jobs",state="StopFailed"} 0
      svc_state{service_id="App",state="Unstarted"} 0
      svc_state{service_id="App",state="Started"} 0
      svc_state{service_id="App",state="Starting"} 0
      svc_state{service_id="App",state="StartFailed"} 1
      svc_state{service_id="App",state="Stopping"} 0
      svc_state{service_id="App",state="Stopped"} 0
      svc_state{service_id="App",state="StopFailed"} 0

      # HELP svc_state_code State of a service by number: 0 Unstarted, 1 Started, 2 Starting, 3 StartFailed, 4 Stopping, 5 Stopped, 6 StopFailed
      # TYPE svc_state_code gauge
      svc_state_code{service_id="App.Database"} 6
      svc_state_code{service_id="App.Jobs"} 3
      svc_state_code{service_id="App"} 3

      # HELP svc_start_time_seconds When the start of a service began, in seconds since the epoch
      # TYPE svc_start_time_seconds gauge
      svc_start_time_seconds{service_id="App.Database"} 1700000000
      svc_start_time_seconds{service_id="App.Jobs"} 1700000000
      svc_start_time_seconds{service_id="App"} 1700000000

      # HELP svc_start_duration_seconds How long the start of a service took, failed or not
      # TYPE svc_start_duration_seconds gauge
      svc_start_duration_seconds{service_id="App.Database"} 0.25
      svc_start_duration_seconds{service_id="App.Jobs"} 0.5
      svc_start_duration_seconds{service_id="App"} 0.5

      # HELP svc_start_failures_total Failed starts of a service, by type of error
      # TYPE svc_start_failures_total counter
      svc_start_failures_total{service_id="App.Jobs",error_type="ECONNREFUSED"} 1
      svc_start_failures_total{service_id="App",error_type="START_FAILED"} 1

      # HELP svc_close_failures_total Failed closes of a service, by type of error
      # TYPE svc_close_failures_total counter
      svc_close_failures_total{service_id="App.Database",error_type="RangeError"} 1

      # HELP svc_errors_total Health errors that a service has emitted
      # TYPE svc_errors_total counter
      svc_errors_total{service_id="App.Database"} 1
      svc_errors_total{service_id="App.Jobs"} 0
      svc_errors_total{service_id="App"} 0

      # HELP svc_errors_dropped_total Health errors of a service that were dropped before anyone saw them
      # TYPE svc_errors_dropped_total counter
      svc_errors_dropped_total{service_id="App.Database"} 0
      svc_errors_dropped_total{service_id="App.Jobs"} 0
      svc_errors_dropped_total{service_id="App"} 0

      # HELP svc_health_transitions_total Changes of a service between healthy and unhealthy
      # TYPE svc_health_transitions_total counter
      svc_health_transitions_total{service_id="App.Database",to="healthy"} 0
      svc_health_transitions_total{service_id="App.Database",to="unhealthy"} 0
      svc_health_transitions_total{service_id="App",to="healthy"} 0
      svc_health_transitions_total{service_id="App",to="unhealthy"} 1

      # HELP svc_health_conditions Health conditions of a service that are set
      # TYPE svc_health_conditions gauge
      svc_health_conditions{service_id="App.Database"} 1
      svc_health_conditions{service_id="App.Jobs"} 0
      svc_health_conditions{service_id="App"} 0

      # HELP svc_task_duration_seconds How long tasks and ticks of a service took
      # TYPE svc_task_duration_seconds histogram
      svc_task_duration_seconds_bucket{le="0.005",service_id="App.Database",task="vacuum"} 1
      svc_task_duration_seconds_bucket{le="0.025",service_id="App.Database",task="vacuum"} 1
      svc_task_duration_seconds_bucket{le="0.1",service_id="App.Database",task="vacuum"} 1
      svc_task_duration_seconds_bucket{le="0.5",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="1",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="2.5",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="5",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="10",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="30",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="60",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="300",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="+Inf",service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_sum{service_id="App.Database",task="vacuum"} 0.202
      svc_task_duration_seconds_count{service_id="App.Database",task="vacuum"} 2
      svc_task_duration_seconds_bucket{le="0.005",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="0.025",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="0.1",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="0.5",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="1",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="2.5",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="5",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="10",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="30",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="60",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="300",service_id="App.Database",task="import"} 0
      svc_task_duration_seconds_bucket{le="+Inf",service_id="App.Database",task="import"} 1
      svc_task_duration_seconds_sum{service_id="App.Database",task="import"} 400
      svc_task_duration_seconds_count{service_id="App.Database",task="import"} 1

      # HELP svc_tick_lateness_seconds How long after they were due ticks of a service began
      # TYPE svc_tick_lateness_seconds histogram

      # HELP svc_tasks_in_flight Tasks and ticks of a service that are running
      # TYPE svc_tasks_in_flight gauge
      svc_tasks_in_flight{service_id="App.Database"} 1
      svc_tasks_in_flight{service_id="App.Jobs"} 0
      svc_tasks_in_flight{service_id="App"} 0
      "
    `)
  })

  it('renders each change after an earlier scrape', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const db = child(scope, 'Database')
    const source = createFakeSource()
    start(db)
    source.poll(scope, { Database: null })
    run(db, 'tick', 'vacuum', 1)
    async function changed(act: () => unknown): Promise<string[]> {
      const before = new Set((await registry.metrics()).split('\n'))
      act()
      return (await registry.metrics()).split('\n').filter((line) => !before.has(line) && !line.startsWith('uptime'))
    }

    expect(await changed(() => move(db, 'Stopping'))).toEqual([
      'svc_state{service_id="Database",state="Started"} 0',
      'svc_state{service_id="Database",state="Stopping"} 1',
      'svc_state_code{service_id="Database"} 4',
    ])
    expect(await changed(() => begin(db, 'tick'))).toEqual(['svc_tasks_in_flight{service_id="Database"} 1'])
    expect(await changed(() => begin(db, 'start', '', BEGUN + 1000))).toEqual([
      'svc_start_time_seconds{service_id="Database"} 1700000001',
    ])
    expect(await changed(() => end(begin(db, 'start', '', BEGUN + 1000), 7))).toEqual([
      'svc_start_duration_seconds{service_id="Database"} 7',
    ])
    expect(await changed(() => end(begin(db, 'start', '', BEGUN + 1000), 7, new Error('no')))).toEqual([
      'svc_start_failures_total{service_id="Database",error_type="Error"} 1',
    ])
    expect(await changed(() => end(begin(db, 'close'), 7, new Error('no')))).toEqual([
      'svc_close_failures_total{service_id="Database",error_type="Error"} 1',
    ])
    expect(await changed(() => emit(db, { type: 'error', scope: db, error: new Error('x'), dropped: 2 }))).toEqual([
      'svc_errors_total{service_id="Database"} 1',
      'svc_errors_dropped_total{service_id="Database"} 2',
    ])
    expect(await changed(() => emit(db, { type: 'flush', scope: db, errors: [], dropped: 5, at: 0 }))).toEqual([
      'svc_errors_dropped_total{service_id="Database"} 5',
    ])
    expect(await changed(() => begin(db, 'tick', 'sync', BEGUN, 20))).toContain(
      'svc_tick_lateness_seconds_bucket{le="0.05",service_id="Database",task="sync"} 1',
    )
    expect(await changed(() => begin(db, 'tick', 'sync', BEGUN, 2000))).toEqual([
      'svc_tick_lateness_seconds_bucket{le="5",service_id="Database",task="sync"} 2',
      'svc_tick_lateness_seconds_bucket{le="30",service_id="Database",task="sync"} 2',
      'svc_tick_lateness_seconds_bucket{le="+Inf",service_id="Database",task="sync"} 2',
      'svc_tick_lateness_seconds_sum{service_id="Database",task="sync"} 2.02',
      'svc_tick_lateness_seconds_count{service_id="Database",task="sync"} 2',
      'svc_tasks_in_flight{service_id="Database"} 3',
    ])
    expect(await changed(() => emit(db, { type: 'condition', scope: db, key: 'k', error: null, active: 3 }))).toEqual([
      'svc_health_conditions{service_id="Database"} 3',
    ])
    expect(await changed(() => source.set({ checkedAt: 5000 }))).toEqual(['svc_health_last_check_timestamp_seconds 5'])
    expect(await changed(() => source.set({ health: new Map([['Database', new Error('live')]]) }))).toEqual([
      'health{service_id="Database"} 0',
    ])
    expect(await changed(() => source.poll(scope, { Database: null }))).toContain(
      'svc_health_transitions_total{service_id="Database",to="healthy"} 1',
    )
  })

  it('counts each dropped error once, whether an append or a smaller cap dropped it', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const app = child(scope, 'App')
    const append = () => emit(app, { type: 'error', scope: app, error: new Error('x'), dropped: 1 })
    append()
    append()
    emit(app, { type: 'flush', scope: app, errors: [], dropped: 5, at: 0 })
    append()
    emit(app, { type: 'flush', scope: app, errors: [], dropped: 1, at: 0 })
    emit(app, { type: 'flush', scope: app, errors: [], dropped: 2, at: 0 })

    expect(seriesIn(await registry.metrics(), /^svc_errors/)).toEqual([
      'svc_errors_total{service_id="App"} 3',
      'svc_errors_dropped_total{service_id="App"} 8',
    ])
  })

  it('observes operations that core runs, and none but starts, closes, tasks and ticks', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const app = child(scope, 'App')
    await runOperation(scope, 'drain', '', () => {})
    await runOperation(scope, 'wait', '', () => {})
    expect(seriesIn(await registry.metrics(), '')).toEqual([])

    await expect(
      runOperation(app, 'start', '', () => {
        throw new TypeError('no')
      }),
    ).rejects.toThrow('no')
    await runOperation(app, 'task', 'import', async () => {
      expect(seriesIn(await registry.metrics(), 'in_flight')).toEqual(['svc_tasks_in_flight{service_id="App"} 1'])
    })
    const text = await registry.metrics()
    expect(seriesIn(text, /in_flight|_count|failures/)).toEqual([
      'svc_start_failures_total{service_id="App",error_type="TypeError"} 1',
      'svc_task_duration_seconds_count{service_id="App",task="import"} 1',
      'svc_tasks_in_flight{service_id="App"} 0',
    ])
  })

  it('takes a prefix for all but the three names that are kept', async () => {
    const registry = new Registry()
    prometheus({ registry, prefix: 'my_' })

    const names = (await registry.metrics()).match(/^# TYPE \S+/gm)?.map((line) => line.slice(7))
    expect(names?.filter((name) => !name.startsWith('my_'))).toEqual(['health', 'uptime_seconds', 'version'])
    expect(names).toHaveLength(20)
  })
})
