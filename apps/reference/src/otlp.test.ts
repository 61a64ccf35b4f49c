import { ROOT_CONTEXT, trace, TraceFlags, type TracerProvider } from '@opentelemetry/api'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Collector, type Manner, startCollector } from './fixtures/collector.ts'
import { until } from './fixtures/until.ts'
import { createSpanPipeline, type SpanPipeline } from './otlp.ts'
import { readSettings } from './settings.ts'

const collectors: Collector[] = []

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const collector of collectors.splice(0)) await collector.close()
})

interface Rig extends SpanPipeline {
  readonly collector: Collector
}

async function createRig(manner: Manner, environment: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const collector = await startCollector(manner)
  collectors.push(collector)
  // The exporter reads it from there
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url)
  // A busy machine is no collector that hangs
  const { telemetry } = readSettings({ OTEL_EXPORTER_OTLP_TIMEOUT: '60000', ...environment }, { demo: false })
  return { ...createSpanPipeline(telemetry, { version: '1.2.3', commit: 'abcdef' }), collector }
}

function end(tracerProvider: TracerProvider, name: string): void {
  tracerProvider.getTracer('test').startSpan(name).end()
}

describe('createSpanPipeline()', () => {
  it('sends all spans that end in one moment, the last one among them', async () => {
    // More batches than the exporter has under way at once by default
    const { tracerProvider, flush, collector } = await createRig('at once', { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100' })
    for (let i = 1; i <= 5_000; i++) end(tracerProvider, `span ${i}`)
    await flush()
    expect(new Set(collector.spans.map(({ name }) => name)).size).toBe(5_000)
    expect(collector.requests.length).toBeGreaterThan(30)
  })

  it('waits in a flush for what had been sent before', async () => {
    const { tracerProvider, flush, collector } = await createRig('when told')
    const log: string[] = []
    end(tracerProvider, 'first')
    const first = flush()
    await until('it is sent', () => collector.requests.length === 1)
    const second = flush().then(() => log.push('flush'))
    // A flush that has nothing to wait for would be over by then
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    log.push('answer')
    collector.answer()
    await Promise.all([first, second])
    expect(log).toEqual(['answer', 'flush'])
  })

  it('rejects a flush whose spans are lost', async () => {
    const { tracerProvider, flush } = await createRig('unavailable', { OTEL_EXPORTER_OTLP_TIMEOUT: '50' })
    end(tracerProvider, 'first')
    await expect(flush()).rejects.toEqual([expect.any(Error)])
  })

  it('says which program the spans are of', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'service.namespace=shop,service.version=9')
    vi.stubEnv('OTEL_SERVICE_NAME', 'hooks')
    const { tracerProvider, flush, collector } = await createRig('at once')
    end(tracerProvider, 'first')
    await flush()
    expect(collector.spans[0]?.resource).toEqual({
      'service.name': 'hooks',
      'service.namespace': 'shop',
      'service.version': '9',
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'vcs.ref.head.revision': 'abcdef',
    })
  })

  it.each([
    ['always_on', '0', [true, true, true]],
    ['always_off', '1', [false, false, false]],
    ['traceidratio', '1', [true, true, true]],
    ['traceidratio', '0', [false, false, false]],
    ['parentbased_always_on', '0', [true, true, false]],
    ['parentbased_always_off', '1', [false, true, false]],
    ['parentbased_traceidratio', '1', [true, true, false]],
    ['parentbased_traceidratio', '0', [false, true, false]],
  ])('samples as %s with %s does: a root, below a span that is sampled, below one that is not', async (...given) => {
    const [sampler, ratio, expected] = given
    const environment = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio }
    const { tracerProvider } = await createRig('at once', environment)
    const tracer = tracerProvider.getTracer('test')
    const below = (traceFlags: TraceFlags): boolean => {
      const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
      const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
      return tracer.startSpan('below', {}, context).isRecording()
    }
    expect([
      tracer.startSpan('root', {}, ROOT_CONTEXT).isRecording(),
      below(TraceFlags.SAMPLED),
      below(TraceFlags.NONE),
    ]).toEqual(expected)
  })
})
