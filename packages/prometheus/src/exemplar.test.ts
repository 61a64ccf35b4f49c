import type { Operation, Scope, SpanReference, SpanSource } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { clients, type TestRegistry } from './fixtures/clients.ts'
import { collectGarbage } from './fixtures/collect-garbage.ts'
import { createFakeSpans } from './fixtures/fake-spans.ts'
import { begin, BEGUN, child, createProgram, end, remove, start } from './fixtures/program.ts'
import { openMetrics } from './index.ts'

/** The buckets that have an exemplar, as `service task bound exemplar`. */
function exemplarsIn(text: string): string[] {
  return [...text.matchAll(/^\w+_bucket\{le="(.*?)",service_id="(.*?)",task="(.*?)"\} \d+ # (.*)$/gm)].map(
    ([, le, service, task, exemplar]) => `${service} ${task} ${le} ${exemplar}`,
  )
}

const exemplar = (digit: string, rest: string): string =>
  `{trace_id="${digit.repeat(32)}",span_id="${digit.repeat(16)}"} ${rest}`

/** One that began at a time of its own, so that exemplars differ in that as well. */
function run(scope: Scope, label: string, startedAt: number, seconds: number): Operation {
  const operation = begin(scope, 'tick', label, startedAt)
  end(operation, seconds)
  return operation
}

describe.each(clients)('prometheus({ spans }) with %s', (_, { Registry }) => {
  /** Both ways to OpenMetrics: ours, and a registry of the client. */
  const FORMATS: readonly (readonly [string, () => { registry: TestRegistry; metrics(): Promise<string> }])[] = [
    [
      'openMetrics()',
      () => {
        const registry = new Registry()
        return { registry, metrics: () => openMetrics(registry).metrics() }
      },
    ],
    [
      'a registry for OpenMetrics',
      () => {
        const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
        return { registry, metrics: () => registry.metrics() }
      },
    ],
    [
      'a registry for OpenMetrics with default labels',
      () => {
        const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
        registry.setDefaultLabels({ host: 'a' })
        return { registry, metrics: async () => (await registry.metrics()).replaceAll(/,host="a"|host="a",/g, '') }
      },
    ],
    [
      'openMetrics() of one with default labels',
      () => {
        const registry = new Registry()
        registry.setDefaultLabels({ host: 'a' })
        return { registry, metrics: async () => (await openMetrics(registry).metrics()).replaceAll(',host="a"', '') }
      },
    ],
  ]

  describe.each(FORMATS)('in %s', (_, create) => {
    it('shows of each bucket the latest recorded span, with its value and time', async () => {
      const { registry, metrics } = create()
      const spans = createFakeSpans()
      const { scope } = createProgram({ registry, spans })
      const app = child(scope, 'App')
      spans.record(run(app, 'a', BEGUN, 0.003), '1')
      spans.record(run(app, 'a', BEGUN + 1.5, 0.004), '2')
      spans.record(run(app, 'a', BEGUN, 0.4), '3')
      spans.record(run(app, 'a', BEGUN, 4000), '4')
      spans.record(run(app, 'b', BEGUN, 0.005), '5')
      run(app, 'c', BEGUN, 1)
      const text = await metrics()

      expect(exemplarsIn(text)).toEqual([
        `App a 0.005 ${exemplar('2', '0.004 1700000000.006')}`,
        `App a 0.5 ${exemplar('3', '0.4 1700000000.4')}`,
        `App a +Inf ${exemplar('4', '4000 1700004000')}`,
        `App b 0.005 ${exemplar('5', '0.005 1700000000.005')}`,
      ])
      // Again, from what was kept, and after another one
      expect(await metrics()).toBe(text)
      spans.record(run(app, 'b', BEGUN, 0.002), '6')
      expect(exemplarsIn(await metrics()).at(-1)).toBe(`App b 0.005 ${exemplar('6', '0.002 1700000000.002')}`)
    })

    it('keeps a recorded one where later ones are not recorded, or have no span', async () => {
      const { registry, metrics } = create()
      const spans = createFakeSpans()
      const { scope } = createProgram({ registry, spans })
      const app = child(scope, 'App')
      spans.record(run(app, 'a', BEGUN, 0.003), '1')
      const expected = [`App a 0.005 ${exemplar('1', '0.003 1700000000.003')}`]
      spans.record(run(app, 'a', BEGUN, 0.004), '2', false)
      run(app, 'a', BEGUN, 0.002)
      expect(exemplarsIn(await metrics())).toEqual(expected)
      spans.record(run(app, 'a', BEGUN, 0.004), '3', false)
      expect(exemplarsIn(await metrics())).toEqual(expected)
    })
  })

  it('has none in text, nor looks any up for it', async () => {
    const registry = new Registry()
    const spans = createFakeSpans()
    const { scope } = createProgram({ registry, spans })
    spans.record(run(child(scope, 'App'), 'a', BEGUN, 0.003), '1')
    const plain = new Registry()
    const twin = createProgram({ registry: plain })
    run(child(twin.scope, 'App'), 'a', BEGUN, 0.003)

    expect(await registry.metrics()).toBe(await plain.metrics())
    expect(spans.asked).toEqual([])
    registry.setDefaultLabels({ host: 'a' })
    expect(await registry.metrics()).not.toContain('trace_id')
    expect(exemplarsIn((await openMetrics(registry).metrics()).replaceAll(',host="a"', ''))).toHaveLength(1)
  })

  it('looks a span up when it must be there: whoever makes it may be told of the end later', async () => {
    const registry = new Registry()
    const spans = createFakeSpans()
    const { scope } = createProgram({ registry, spans })
    const app = child(scope, 'App')
    const operation = begin(app, 'task', 'a')
    end(operation, 0.003)
    expect(spans.asked).toEqual([])
    spans.record(operation, '1')
    const next = run(app, 'a', BEGUN, 0.002)
    expect(spans.asked).toEqual([operation])
    expect(exemplarsIn(await openMetrics(registry).metrics())).toEqual([
      `App a 0.005 ${exemplar('1', '0.003 1700000000.003')}`,
    ])
    expect(spans.asked).toEqual([operation, next])
  })

  it('asks for tasks and ticks alone', async () => {
    const registry = new Registry()
    const spans = createFakeSpans()
    const { scope } = createProgram({ registry, spans })
    const app = child(scope, 'App')
    start(app)
    for (const kind of ['close', 'wait', 'drain'] as const) end(begin(app, kind), 1)
    await openMetrics(registry).metrics()
    expect(spans.asked).toEqual([])
  })

  it('leaves out what cannot be an exemplar', async () => {
    const registry = new Registry()
    const answers: unknown[] = [
      undefined,
      null,
      { traceId: '1', spanId: '2' },
      { traceId: '1', spanId: '2', isRecorded: 'yes' },
      { traceId: 1, spanId: 2, isRecorded: true },
      { traceId: '', spanId: '', isRecorded: true },
      { traceId: 'x'.repeat(100), spanId: 'y'.repeat(14), isRecorded: true },
    ]
    const spans: SpanSource = { spanOf: () => answers.shift() as SpanReference | undefined }
    const { scope, log } = createProgram({ registry, spans })
    const app = child(scope, 'App')
    const open = openMetrics(registry)
    for (let left = answers.length; left > 0; left--) {
      run(app, 'a', BEGUN, 0.003)
      expect(exemplarsIn(await open.metrics())).toEqual([])
      expect(answers).toHaveLength(left - 1)
    }
    // The longest that there may be, and characters that a label must escape
    answers.push({ traceId: 'x'.repeat(100), spanId: 'y'.repeat(13), isRecorded: true })
    run(app, 'a', BEGUN, 0.003)
    expect(exemplarsIn(await open.metrics())).toHaveLength(1)
    answers.push({ traceId: '"}\n\\', spanId: '2', isRecorded: true })
    run(app, 'a', BEGUN, 0.003)
    expect(exemplarsIn(await open.metrics())).toEqual([
      'App a 0.005 {trace_id="\\"}\\n\\\\",span_id="2"} 0.003 1700000000.003',
    ])
    expect(log).toEqual([])
  })

  it('goes on when the source throws, and says so once', async () => {
    const registry = new Registry()
    const spans: SpanSource = {
      spanOf: () => {
        throw new Error('broken')
      },
    }
    const { scope, log } = createProgram({ registry, spans })
    const app = child(scope, 'App')
    run(app, 'a', BEGUN, 0.003)
    run(app, 'a', BEGUN, 0.003)
    const text = await openMetrics(registry).metrics()

    expect(text).toContain('svc_task_duration_seconds_count{service_id="App",task="a"} 2\n')
    expect(exemplarsIn(text)).toEqual([])
    expect(log).toEqual(['error Cannot look up a span: its exemplar is left out of the scrape {"err":{}}'])
  })

  it('holds nothing of a service that is gone, and keeps its exemplar where others share its series', async () => {
    const registry = new Registry()
    const spans = createFakeSpans()
    const { scope } = createProgram({ registry, spans, maxServices: 1 })
    const kept = child(scope, 'Kept')
    const shared = child(scope, 'Shared')
    start(kept)
    start(shared)
    const gone: [string, WeakRef<Operation>][] = []
    const nothing = (): void => {}
    type Act = (service: Scope) => void
    function live(what: string, name: string, act: Act, before: Act = nothing): void {
      const service = child(scope, name)
      start(service)
      before(service)
      const operation = run(service, what, BEGUN, 0.003)
      spans.record(operation, '1')
      act(service)
      gone.push([what, new WeakRef(operation)])
    }
    // Names of their own: what one lets go of is not what another one holds
    live('shared', 'A', remove)
    live('made anew', 'B', () => start(child(scope, 'B')))
    live('after the removal', 'C', nothing, remove)
    live('after it was made anew', 'D', nothing, () => start(child(scope, 'D')))
    remove(kept)
    live('of its own', 'Kept', remove)
    spans.asked.length = 0
    await collectGarbage()

    expect(gone.filter(([, operation]) => operation.deref() !== undefined).map(([what]) => what)).toEqual([])
    expect(exemplarsIn(await openMetrics(registry).metrics())).toEqual(
      ['shared', 'made anew'].map((what) => `_other ${what} 0.005 ${exemplar('1', '0.003 1700000000.003')}`),
    )
  })

  it('holds no operation any more once it was scraped', async () => {
    const registry = new Registry()
    const spans = createFakeSpans()
    const { scope } = createProgram({ registry, spans })
    const app = child(scope, 'App')
    const held = new WeakRef(run(app, 'a', BEGUN, 0.003))
    spans.record(held.deref() as Operation, '1')
    await openMetrics(registry).metrics()
    spans.asked.length = 0
    await collectGarbage()

    expect(held.deref()).toBeUndefined()
    expect(exemplarsIn(await openMetrics(registry).metrics())).toHaveLength(1)
  })
})
