import { afterAll, describe, expect, it } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { startCollector } from './fixtures/collector.ts'
import { closeReceivers, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

const NAMES = ['Relay', 'Relay.Store', 'Relay.Deliveries', 'Relay.Retention', 'Relay.Api', 'Admin', 'HealthCheck']

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

describe('the log', () => {
  it('names the span in each line that is written inside one, and the service and its state', async () => {
    const collector = await startCollector()
    const relay = await startRelay({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
    expect(await relay.end()).toBe(0)
    for (const [kind, during, message] of [
      ['start', 'Starting', 'Starting'],
      ['start', 'Started', 'Started'],
      ['close', 'Stopping', 'Closing'],
      ['close', 'Stopped', 'Closed'],
    ] as const) {
      for (const id of NAMES) {
        const span = collector.spans.find(
          ({ attributes }) => attributes['svc.id'] === id && attributes['svc.operation'] === kind,
        )
        const line = relay.lines().find(({ service, msg }) => service === id && msg === message)
        expect({ ...line, id }).toMatchObject({
          id,
          state: during,
          trace_id: span?.traceId ?? 'a span',
          span_id: span?.spanId ?? 'a span',
          trace_flags: '01',
        })
      }
    }
    // Where to, and why it stops, is said outside of them
    const outside = relay.lines().filter(({ msg }) => msg.startsWith('Open ') || msg.startsWith('Stopping: '))
    expect(outside.map((line) => 'trace_id' in line)).toEqual([false, false])
    await collector.close()
  })

  it('leads from what came of an attempt to its span', async () => {
    const collector = await startCollector()
    const relay = await startRelay({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LOG_LEVEL: 'debug' } })
    const receiver = await startReceiver((response) => response.writeHead(500).end())
    const client = createClient(relay.url)
    await client.subscribe(receiver.url)
    await client.post('a')
    const line = await until('an attempt has failed', () =>
      relay.lines().find(({ msg }) => msg.startsWith('Attempt 1 of ')),
    )
    expect(await relay.end()).toBe(0)
    const span = collector.spans.find(({ name }) => name === 'deliver event')
    expect(span).toBeDefined()
    expect(line).toMatchObject({ trace_id: span?.traceId, span_id: span?.spanId })
    await collector.close()
  })

  it('has none where no spans leave the process', async () => {
    const relay = await startRelay()
    expect(await relay.end()).toBe(0)
    expect(relay.output()).toContain('"state":"Started"')
    expect(relay.output()).not.toContain('trace_id')
  })
})

describe('the start of the program', () => {
  it('is a part of the trace that its environment names, and the close is not', async () => {
    const collector = await startCollector()
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, TRACEPARENT: `00-${traceId}-${spanId}-01` }
    const relay = await startRelay({ env })
    expect(await relay.end()).toBe(0)
    const start = collector.spans.find(({ name }) => name === 'start Relay')
    const close = collector.spans.find(({ name }) => name === 'close Relay')
    expect(start).toMatchObject({ traceId, parentSpanId: spanId })
    expect(close?.parentSpanId ?? '').toBe('')
    expect(close?.links).toMatchObject([{ traceId, spanId: start?.spanId }])
    await collector.close()
  })
})

describe('ticks and tasks', () => {
  it('have spans where that is asked for', async () => {
    const collector = await startCollector()
    const receiver = await startReceiver((response) => response.writeHead(204).end())
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      TRACE_TICKS: 'all',
      TRACE_TASKS: 'all',
    }
    const relay = await startRelay({ env })
    const client = createClient(relay.url)
    const { id } = await client.subscribe(receiver.url)
    await client.post('a')
    for (const [name, service] of [
      ['tick Retention', 'Relay.Retention'],
      ['task attempt', `Relay.Deliveries.${id}`],
    ] as const) {
      const span = await until(`the span "${name}"`, () => collector.spans.find((it) => it.name === name))
      const start = collector.spans.find(
        ({ attributes }) => attributes['svc.id'] === service && attributes['svc.operation'] === 'start',
      )
      expect(span.links).toMatchObject([{ traceId: start?.traceId, spanId: start?.spanId }])
      expect([span.attributes['svc.id'], span.parentSpanId ?? '']).toEqual([service, ''])
    }
    expect(await relay.end()).toBe(0)
    await collector.close()
  })
})
