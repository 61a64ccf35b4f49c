import { createScope, emit, type Scope } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import {
  begin,
  BEGUN,
  child,
  createProgram,
  end,
  fail,
  move,
  remove,
  run,
  seriesIn,
  start,
} from './fixtures/program.ts'
import { prometheus } from './index.ts'

const WARNING = 'warn More services than "maxServices": those past it are counted together as service_id="_other"'

describe.each(clients)('prometheus({ maxServices }) with %s', (_, { Registry }) => {
  it('counts the services past it under _other, and says so once', async () => {
    const registry = new Registry()
    const { scope, log } = createProgram({ registry, maxServices: 2 })
    const [a, b, c, d] = ['A', 'B', 'C', 'D'].map((name) => child(scope, name)) as [Scope, Scope, Scope, Scope]
    for (const service of [a, b]) start(service)
    expect(log).toEqual([])
    const source = createFakeSource()
    end(begin(c, 'start', '', BEGUN + 5000), 3)
    end(begin(d, 'start', '', BEGUN + 9000), 2)
    move(c, 'Started')
    move(d, 'StopFailed')
    for (const service of [a, c, d]) {
      emit(service, { type: 'error', scope: service, error: new Error('x'), dropped: 1 })
      emit(service, {
        type: 'condition',
        scope: service,
        key: 'k',
        error: new Error('x'),
        active: service === d ? 4 : 1,
      })
      run(service, 'task', 'work', 1)
      begin(service, 'task')
      end(begin(service, 'close'), 1, new TypeError('x'))
    }
    source.poll(scope, { A: null, B: null, C: null, D: null, E: null })
    source.poll(scope, { A: null, B: null, C: new Error('x'), D: new Error('x'), E: null })
    const text = await registry.metrics()

    expect(log).toEqual([`${WARNING} {"service":"C","maxServices":2}`])
    expect(seriesIn(text, /service_id="[CDE]"/)).toEqual([])
    expect(seriesIn(text, /service_id="[AB]"/).length).toBeGreaterThan(40)
    expect(seriesIn(text, '_other').filter((line) => !line.includes('_bucket'))).toMatchInlineSnapshot(`
      [
        "health{service_id="_other"} 0",
        "svc_ready{service_id="_other"} 0",
        "svc_state{service_id="_other",state="Unstarted"} 0",
        "svc_state{service_id="_other",state="Started"} 1",
        "svc_state{service_id="_other",state="Starting"} 0",
        "svc_state{service_id="_other",state="StartFailed"} 0",
        "svc_state{service_id="_other",state="Stopping"} 0",
        "svc_state{service_id="_other",state="Stopped"} 0",
        "svc_state{service_id="_other",state="StopFailed"} 1",
        "svc_state_code{service_id="_other"} 6",
        "svc_start_time_seconds{service_id="_other"} 1700000005",
        "svc_start_duration_seconds{service_id="_other"} 3",
        "svc_close_failures_total{service_id="_other",error_type="TypeError"} 2",
        "svc_errors_total{service_id="_other"} 2",
        "svc_errors_dropped_total{service_id="_other"} 2",
        "svc_health_transitions_total{service_id="_other",to="healthy"} 0",
        "svc_health_transitions_total{service_id="_other",to="unhealthy"} 2",
        "svc_health_conditions{service_id="_other"} 4",
        "svc_task_duration_seconds_sum{service_id="_other",task="work"} 2",
        "svc_task_duration_seconds_count{service_id="_other",task="work"} 2",
        "svc_tasks_in_flight{service_id="_other"} 2",
      ]
    `)
  })

  it('gives the place of a removed service to the next one, and leaves those under _other there', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry, maxServices: 1 })
    const [a, b, c] = ['A', 'B', 'C'].map((name) => child(scope, name)) as [Scope, Scope, Scope]
    const codes = async () => seriesIn(await registry.metrics(), 'state_code').join()
    start(a)
    start(b)
    expect(await codes()).toBe('svc_state_code{service_id="A"} 1,svc_state_code{service_id="_other"} 1')
    remove(a)
    expect(await codes()).toBe('svc_state_code{service_id="_other"} 1')
    start(c)
    expect(await codes()).toBe('svc_state_code{service_id="C"} 1,svc_state_code{service_id="_other"} 1')
    remove(c)
    remove(b)
    expect(seriesIn(await registry.metrics(), '')).toEqual([])
  })

  it('gives the place of a reporter that a checker has forgotten to the next service', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry, maxServices: 1 })
    const source = createFakeSource()
    source.poll(scope, { ByHand: null })
    source.poll(scope, {})
    start(child(scope, 'A'))

    expect(seriesIn(await registry.metrics(), 'state_code')).toEqual(['svc_state_code{service_id="A"} 1'])
  })

  it('keeps the counts of those removed while others are under _other, so that no counter goes down', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry, maxServices: 1 })
    const [a, b, c] = ['A', 'B', 'C'].map((name) => child(scope, name)) as [Scope, Scope, Scope]
    const errors = async () => seriesIn(await registry.metrics(), /^svc_errors_total.*_other/).join()
    for (const scope of [a, b, c]) emit(scope, { type: 'error', scope, error: new Error('x'), dropped: 0 })
    expect(await errors()).toBe('svc_errors_total{service_id="_other"} 2')
    remove(b)
    expect(await errors()).toBe('svc_errors_total{service_id="_other"} 2')
    remove(c)
    expect(await errors()).toBe('')
  })

  it('leaves as many series as before when thousands past it come and go', async () => {
    const registry = new Registry()
    const { scope, log } = createProgram({ registry, maxServices: 5 })
    const source = createFakeSource()
    const count = async () => seriesIn(await registry.metrics(), '').length
    source.poll(scope, {})
    const before = await count()
    const crowd = Array.from({ length: 2000 }, (_, i) => child(scope, `Job${i}`))
    for (const job of crowd) start(job)
    source.poll(scope, Object.fromEntries(crowd.map(({ id }) => [id, null])))
    const crowded = await count()
    for (const job of crowd) remove(job)
    source.poll(scope, {})

    expect(crowded).toBeLessThan(before + 6 * 25)
    expect(await count()).toBe(before)
    expect(log).toHaveLength(1)
  })

  it('holds for names of which only a snapshot tells', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry, maxServices: 2 })
    const source = createFakeSource()
    source.poll(scope, { A: null })
    source.set({
      health: new Map([
        ['B', null],
        ['A', null],
        ['C', new Error('red')],
        ['D', null],
      ]),
    })

    expect(seriesIn(await registry.metrics(), /^health/)).toEqual([
      'health{service_id="B"} 1',
      'health{service_id="A"} 1',
      'health{service_id="_other"} 0',
    ])
  })

  it('does not mix a service of that very name up with the others', async () => {
    const registry = new Registry()
    const { scope, log } = createProgram({ registry, maxServices: 1 })
    start(child(scope, '_other'))
    start(child(scope, 'A'))
    expect(log).toEqual([])
    fail(child(scope, 'B'), 'start', new Error('x'))

    expect(seriesIn(await registry.metrics(), 'state_code')).toEqual([
      'svc_state_code{service_id="A"} 1',
      'svc_state_code{service_id="_other"} 3',
    ])
  })

  it('bounds the tasks and the types of error of one service as well', async () => {
    const registry = new Registry()
    const { scope } = createProgram({ registry })
    const app = child(scope, 'App')
    for (let i = 0; i < 100; i++) {
      run(app, 'task', `fetch ${i}`, 1)
      end(begin(app, 'close'), 1, Object.assign(new Error('x'), { code: `E${i}` }))
    }
    const text = await registry.metrics()

    expect(seriesIn(text, /^svc_task_duration_seconds_count/)).toHaveLength(33)
    expect(seriesIn(text, /^svc_close_failures_total/)).toHaveLength(33)
    expect(seriesIn(text, /(_count|failures_total).*_other/)).toEqual([
      'svc_close_failures_total{service_id="App",error_type="_other"} 68',
      'svc_task_duration_seconds_count{service_id="App",task="_other"} 68',
    ])
  })

  it('goes on when the logger throws', async () => {
    const registry = new Registry()
    const broken = () => {
      throw new Error('broken')
    }
    const logger = { debug: broken, info: broken, warn: broken, error: broken }
    const scope = createScope({ logger, exporters: [prometheus({ registry, maxServices: 1 })] })
    start(child(scope, 'A'))
    start(child(scope, 'B'))

    expect(seriesIn(await registry.metrics(), 'state_code')).toEqual([
      'svc_state_code{service_id="A"} 1',
      'svc_state_code{service_id="_other"} 1',
    ])
  })

  it('waits with what it has to say until there is a scope to say it through', () => {
    const registry = new Registry()
    const { scope, log } = createProgram({ registry, maxServices: 1 })
    createFakeSource().poll(scope, { A: null, B: null, C: null })
    expect(log).toEqual([])
    start(child(scope, 'A'))
    expect(log).toEqual([`${WARNING} {"service":"B","maxServices":1}`])
  })
})
