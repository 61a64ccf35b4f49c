import { createScope } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { describe, expect, it } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { seriesIn } from './fixtures/program.ts'
import { prometheus } from './index.ts'

/** Without what time it is, and the states that a service is not in. */
function shape(text: string): string {
  return seriesIn(text, /^svc_/)
    .filter((line) => !/_bucket|_sum|state=".*0$/.test(line))
    .map((line) => line.replace(/(_seconds\{.*\}) .*/, '$1 …'))
    .join('\n')
}

describe.each(clients)('prometheus() on a tree of services, with %s', (_, { Registry }) => {
  it('shows what they do while they live', async () => {
    const registry = new Registry()
    const scope = createScope({ exporters: [prometheus({ registry })] })
    const importing = Promise.withResolvers<void>()
    let jobs: Engine | undefined
    const { service: app, engine } = createServiceEngine({
      name: 'App',
      parent: scope,
      subServices: (engine) => [
        createService({ name: 'Database', parent: engine }),
        createService({
          name: 'Jobs',
          parent: engine,
          start: (engine) => {
            jobs = engine
            engine.go(() => importing.promise, { label: 'import' })
          },
        }),
      ],
    })
    await app.start()
    jobs?.emitHealthError(new Error('lost'))
    jobs?.setHealthCondition('disk', new Error('full'))
    const before = shape(await registry.metrics())
    expect(before).toMatchInlineSnapshot(`
      "svc_state{service_id="App",state="Started"} 1
      svc_state{service_id="App.Database",state="Started"} 1
      svc_state{service_id="App.Jobs",state="Started"} 1
      svc_state_code{service_id="App"} 1
      svc_state_code{service_id="App.Database"} 1
      svc_state_code{service_id="App.Jobs"} 1
      svc_start_time_seconds{service_id="App"} …
      svc_start_time_seconds{service_id="App.Database"} …
      svc_start_time_seconds{service_id="App.Jobs"} …
      svc_start_duration_seconds{service_id="App"} …
      svc_start_duration_seconds{service_id="App.Database"} …
      svc_start_duration_seconds{service_id="App.Jobs"} …
      svc_errors_total{service_id="App"} 0
      svc_errors_total{service_id="App.Database"} 0
      svc_errors_total{service_id="App.Jobs"} 1
      svc_errors_dropped_total{service_id="App"} 0
      svc_errors_dropped_total{service_id="App.Database"} 0
      svc_errors_dropped_total{service_id="App.Jobs"} 0
      svc_health_conditions{service_id="App"} 0
      svc_health_conditions{service_id="App.Database"} 0
      svc_health_conditions{service_id="App.Jobs"} 1
      svc_tasks_in_flight{service_id="App"} 0
      svc_tasks_in_flight{service_id="App.Database"} 0
      svc_tasks_in_flight{service_id="App.Jobs"} 1"
    `)

    const guest = await engine.startSubService(
      createService({
        name: 'Guest',
        parent: engine,
        subServices: (engine) => [createService({ name: 'Inner', parent: engine })],
        close: () => Promise.reject(new RangeError('no')),
      }),
    )
    expect(seriesIn(await registry.metrics(), 'state_code.*Guest')).toEqual([
      'svc_state_code{service_id="App.Guest"} 1',
      'svc_state_code{service_id="App.Guest.Inner"} 1',
    ])
    await expect(engine.closeSubService(guest)).rejects.toThrow('no')
    expect(shape(await registry.metrics())).toBe(before)

    importing.resolve()
    await app.close()
    expect(shape(await registry.metrics())).toMatchInlineSnapshot(`
      "svc_state{service_id="App",state="Stopped"} 1
      svc_state{service_id="App.Database",state="Stopped"} 1
      svc_state{service_id="App.Jobs",state="Stopped"} 1
      svc_state_code{service_id="App"} 5
      svc_state_code{service_id="App.Database"} 5
      svc_state_code{service_id="App.Jobs"} 5
      svc_start_time_seconds{service_id="App"} …
      svc_start_time_seconds{service_id="App.Database"} …
      svc_start_time_seconds{service_id="App.Jobs"} …
      svc_start_duration_seconds{service_id="App"} …
      svc_start_duration_seconds{service_id="App.Database"} …
      svc_start_duration_seconds{service_id="App.Jobs"} …
      svc_errors_total{service_id="App"} 0
      svc_errors_total{service_id="App.Database"} 0
      svc_errors_total{service_id="App.Jobs"} 1
      svc_errors_dropped_total{service_id="App"} 0
      svc_errors_dropped_total{service_id="App.Database"} 0
      svc_errors_dropped_total{service_id="App.Jobs"} 0
      svc_health_conditions{service_id="App"} 0
      svc_health_conditions{service_id="App.Database"} 0
      svc_health_conditions{service_id="App.Jobs"} 1
      svc_task_duration_seconds_count{service_id="App.Jobs",task="import"} 1
      svc_tasks_in_flight{service_id="App"} 0
      svc_tasks_in_flight{service_id="App.Database"} 0
      svc_tasks_in_flight{service_id="App.Jobs"} 0"
    `)
  })

  it('tells a start that failed by the type of its error', async () => {
    const registry = new Registry()
    const scope = createScope({ exporters: [prometheus({ registry })] })
    const app = createService({
      name: 'App',
      parent: scope,
      subServices: (engine) => [
        createService({ name: 'Database', parent: engine, start: () => Promise.reject(new TypeError('no')) }),
      ],
    })
    await expect(app.start()).rejects.toThrow('Cannot start')

    expect(seriesIn(await registry.metrics(), /failures|state_code/)).toMatchInlineSnapshot(`
      [
        "svc_state_code{service_id="App"} 3",
        "svc_state_code{service_id="App.Database"} 3",
        "svc_start_failures_total{service_id="App",error_type="TypeError"} 1",
        "svc_start_failures_total{service_id="App.Database",error_type="TypeError"} 1",
      ]
    `)
  })
  it('shows health as the checker has it, and takes no error away from it', async () => {
    const registry = new Registry()
    const scope = createScope({ exporters: [prometheus({ registry })] })
    const { service: app, engine } = createServiceEngine({
      name: 'App',
      parent: scope,
      subServices: (engine) => [createService({ name: 'Database', parent: engine })],
    })
    const checker = createHealthChecker({ parent: scope, version: '1.2.3', commit: 'abcdef0123' })
    const health = async () =>
      seriesIn(await registry.metrics(), /^(health|version|svc_ready|svc_health_(t|check.*count))/)
    checker.register(app)
    await app.start()
    await checker.start()
    const healthy = await health()

    engine.emitHealthError(new Error('lost'))
    expect(await health()).toEqual(healthy)
    engine.setHealthCondition('disk', new Error('full'))
    const unhealthy = await health()
    expect(await health()).toEqual(unhealthy)
    expect([...app.healthReport().values()].map(String)).toMatchInlineSnapshot(`
      [
        "AggregateError: lost
      disk: full",
        "null",
      ]
    `)

    checker.unregister('App')
    const after = await health()
    await checker.close()
    await app.close()
    expect({ healthy, unhealthy, after }).toMatchInlineSnapshot(`
      {
        "after": [
          "version{version="1.2.3",commit="abcdef0"} 1",
          "svc_health_check_duration_seconds_count 3",
        ],
        "healthy": [
          "health{service_id="App"} 1",
          "health{service_id="App.Database"} 1",
          "version{version="1.2.3",commit="abcdef0"} 1",
          "svc_ready{service_id="App"} 1",
          "svc_health_check_duration_seconds_count 2",
          "svc_health_transitions_total{service_id="App",to="healthy"} 1",
          "svc_health_transitions_total{service_id="App",to="unhealthy"} 0",
          "svc_health_transitions_total{service_id="App.Database",to="healthy"} 1",
          "svc_health_transitions_total{service_id="App.Database",to="unhealthy"} 0",
        ],
        "unhealthy": [
          "health{service_id="App"} 0",
          "health{service_id="App.Database"} 1",
          "version{version="1.2.3",commit="abcdef0"} 1",
          "svc_ready{service_id="App"} 1",
          "svc_health_check_duration_seconds_count 2",
          "svc_health_transitions_total{service_id="App",to="healthy"} 1",
          "svc_health_transitions_total{service_id="App",to="unhealthy"} 0",
          "svc_health_transitions_total{service_id="App.Database",to="healthy"} 1",
          "svc_health_transitions_total{service_id="App.Database",to="unhealthy"} 0",
        ],
      }
    `)
  })
})
