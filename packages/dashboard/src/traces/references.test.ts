import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createScope, type RootScope, type SpanSource } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import { otel } from '@svc/otel'
import { describe, expect, it } from 'vitest'
import { recorderWorld, treeOf } from '../fixtures/traces-world.ts'
import { recordedId } from './ids.ts'
import type { Trace } from './model.ts'
import { createRecorder, type Recorder } from './recorder.ts'

const fail = (message: string) => (): never => {
  throw new Error(message)
}

async function turn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve))
}

describe('createReferences()', () => {
  function world(dashboardFirst: boolean): { memory: InMemorySpanExporter; recorder: Recorder; scope: RootScope } {
    const memory = new InMemorySpanExporter()
    const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] })
    const spans = otel({ tracerProvider, tasks: 'errors' })
    const recorder = createRecorder({ maxTraces: 200, ticks: 'errors', tasks: 'errors', spans })
    const exporters = dashboardFirst ? [{ observe: recorder.observe }, spans] : [spans, { observe: recorder.observe }]
    return { memory, recorder, scope: createScope({ exporters }) }
  }

  it.each([true, false])('has their ids, whichever exporter comes first (%s)', async (dashboardFirst) => {
    const { memory, recorder, scope } = world(dashboardFirst)
    const { service, engine } = createServiceEngine({
      name: 'App',
      parent: scope,
      subServices: (engine) => [treeOf({ name: 'Store' }, engine)],
    })
    await service.start()
    engine.go(fail('boom'), { label: 'bad' })
    engine.emitHealthError(new Error('one'))
    service.healthReport()
    await turn()
    await service.close()
    await turn()
    const recorded = memory
      .getFinishedSpans()
      .map((span) => `${span.name} ${Object.values(span.spanContext()).slice(0, 2).join(' ')}`)
    const shown = recorder
      .traces()
      .flatMap(({ spans }) =>
        spans.map((it) => `${it.kind} ${it.name} ${it.reference?.traceId} ${it.reference?.spanId}`),
      )
    expect(shown.toSorted()).toEqual(recorded.toSorted())
    expect(shown).toHaveLength(6)
    for (const { spans } of recorder.traces()) for (const span of spans) expect(span.subject).toBeUndefined()
  })

  it('has those of what is still open', async () => {
    const { recorder, scope } = world(true)
    void treeOf({ name: 'App', start: () => new Promise(() => {}) }, scope).start()
    expect(recordedId(recorder.traces()[0] as Trace)).toMatch(/^[0-9a-f]{32}$/)
  })

  it('takes no ids that lead nowhere, and no failure of their source', async () => {
    const sources: SpanSource[] = [
      { spanOf: () => ({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRecorded: false }) },
      { spanOf: fail('broken') },
    ]
    for (const spans of sources) {
      const { recorder, scope } = recorderWorld({ spans })
      await treeOf({ name: 'App' }, scope).start()
      expect(recorder.traces().map(recordedId)).toEqual([undefined])
    }
  })
})
