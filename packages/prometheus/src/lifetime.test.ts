import { createScope, emit, type HealthSnapshot } from '@svc/core'
import { Gauge } from 'prom-client'
import { describe, expect, it, vi } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { begin, child, createProgram, fail, move, remove, run, seriesIn, start } from './fixtures/program.ts'
import { prometheus } from './index.ts'

describe.each(clients)('how long the series of prometheus() live, with %s', (_, { Registry }) => {
  it('takes its metrics out of the registry when it is disposed of, and observes no more', async () => {
    const registry = new Registry()
    const { scope, exporter } = createProgram({ registry })
    const own = new Gauge({ name: 'own', help: 'Kept', registers: [] })
    registry.registerMetric(own as never)
    const kept = registry.getSingleMetric('svc_state_code') as { get(): Promise<{ values: object[] }> }
    start(child(scope, 'Old'))
    expect((await kept.get()).values).toHaveLength(1)
    const snapshot = vi.fn<() => HealthSnapshot>(() => createFakeSource().snapshot())
    const source = Object.assign(createFakeSource(), { snapshot })
    source.poll(scope, { App: null })
    exporter[Symbol.dispose]()
    exporter[Symbol.dispose]()
    snapshot.mockClear()
    start(child(scope, 'App'))
    source.poll(scope, { App: null })
    snapshot.mockClear()

    expect(registry.getMetricsAsArray()).toEqual([own])
    expect((await kept.get()).values).toEqual([])
    const second = createProgram({ registry })
    start(child(second.scope, 'Second'))
    expect(seriesIn(await registry.metrics(), 'state_code')).toEqual(['svc_state_code{service_id="Second"} 1'])
    expect(snapshot).not.toHaveBeenCalled()
  })

  it('leaves a metric alone that has taken the place of its own', () => {
    const registry = new Registry()
    const { exporter } = createProgram({ registry })
    registry.clear()
    const other = { name: 'health' }
    registry.registerMetric(other as never)
    exporter[Symbol.dispose]()

    expect(registry.getSingleMetric('health')).toBe(other)
  })

  it('leaves no series of a removed service', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const source = createFakeSource()
    const app = child(scope, 'App')
    start(app)
    source.poll(scope, { App: null })
    const count = async () => seriesIn(await registry.metrics(), '').length
    const before = await count()
    for (let i = 0; i < 1000; i++) {
      const job = child(app, `Job${i}`)
      start(job)
      run(job, 'task', 'work', 0.1)
      emit(job, { type: 'error', scope: job, error: new Error('x'), dropped: 1 })
      emit(job, { type: 'condition', scope: job, key: 'k', error: new Error('x'), active: 1 })
      source.poll(scope, { App: null, [job.id]: null })
      source.poll(scope, { App: null, [job.id]: new Error('red') })
      fail(job, 'close', new Error('x'))
      if (i % 100 === 0) expect(await count()).toBeGreaterThan(before + 20)
      // Either may come first: the removal, or the poll that misses it.
      if (i % 2 === 0) remove(job)
      source.poll(scope, { App: null })
      if (i % 2 === 1) remove(job)
      if (i % 100 === 0) expect(await count()).toBe(before)
    }

    expect(await count()).toBe(before)
  })

  it('keeps the series of a service made anew under the id of an older one', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const older = child(scope, 'App')
    const newer = child(scope, 'App')
    const states = async () => seriesIn(await registry.metrics(), /state_code|in_flight/)
    start(older)
    begin(older, 'task')
    start(newer)
    move(older, 'Stopping')
    expect(await states()).toEqual(['svc_state_code{service_id="App"} 1', 'svc_tasks_in_flight{service_id="App"} 0'])

    remove(older)
    expect(await states()).toEqual(['svc_state_code{service_id="App"} 1', 'svc_tasks_in_flight{service_id="App"} 0'])
    remove(newer)
    move(newer, 'Stopped')
    run(newer, 'task', 'late', 1)
    expect(await states()).toEqual([])
  })

  it('lets two exporters on two registries see the same', async () => {
    const [one, two] = [new Registry(), new Registry()]
    const scope = createScope({ exporters: [prometheus({ registry: one }), prometheus({ registry: two })] })
    start(child(scope, 'App'))

    expect(await one.metrics()).toBe(await two.metrics())
    expect(seriesIn(await one.metrics(), 'state_code')).toHaveLength(1)
  })
})
