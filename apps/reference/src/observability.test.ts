import { existsSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { type Collector, type Span, startCollector } from './fixtures/collector.ts'
import { startPrometheus } from './fixtures/prometheus-server.ts'
import { closeReceivers, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, createFolder, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

const PROMETHEUS = '/usr/bin/prometheus'

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

/** The spans of one trace as `name <- parent's name`, the root first. */
function tree(spans: readonly Span[], root: Span): readonly string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
  const children = spans.filter(({ traceId, spanId }) => traceId === root.traceId && spanId !== root.spanId)
  return [root.name, ...children.map(({ name, parentSpanId = '' }) => `${name} <- ${names.get(parentSpanId)}`)]
}

function find({ spans }: Collector, name: string, id: string): Span | undefined {
  return spans.find((span) => span.name === name && span.attributes['svc.id'] === id)
}

describe('the spans', () => {
  it('are missed in one line of the log when the collector is down, which changes no exit code', async () => {
    // Nobody listens on port 1
    const relay = await startRelay({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' } })
    const missed = (): readonly unknown[] =>
      relay.lines().filter(({ msg }) => msg === 'Spans do not reach their collector, or only in part')
    await until('it is said', () => missed().length > 0)
    expect(await relay.end()).toBe(0)
    expect(missed()).toHaveLength(1)
  })

  it('tell the start and the close as two linked traces, and each delivery in the trace of its event', async () => {
    const collector = await startCollector()
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    }
    const relay = await startRelay({ env })
    const start = await until('the start is exported', () => find(collector, 'start Relay', 'Relay'))
    expect(tree(collector.spans, start)).toEqual([
      'start Relay',
      ...['Store', 'Deliveries', 'Retention', 'Api'].map((name) => `start ${name} <- start Relay`),
    ])
    expect(start).toMatchObject({ links: [], attributes: { 'svc.name': 'Relay', 'svc.operation': 'start' } })
    expect(start.parentSpanId ?? '').toBe('')
    expect(start.resource).toMatchObject({
      'service.name': 'relay',
      'service.version': expect.any(String),
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
      'deployment.environment.name': 'test',
    })

    const receiver = await startReceiver()
    const client = createClient(relay.url)
    const { id } = await client.subscribe(receiver.url)
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`
    await client.call('POST', '/v1/events', { type: 'a', data: 1 }, { traceparent })
    await until('it is delivered', () => receiver.received.length === 1)

    expect(await relay.end()).toBe(0)
    const close = find(collector, 'close Relay', 'Relay')
    expect(close?.links).toMatchObject([{ traceId: start.traceId, spanId: start.spanId }])
    expect(close?.traceId).not.toBe(start.traceId)
    expect(close?.parentSpanId ?? '').toBe('')
    // Whether a close finds a task to wait for is a matter of the moment
    const closed = tree(collector.spans, close!).filter((name) => !name.startsWith('wait '))
    expect(closed.toSorted()).toEqual(
      [
        'close Relay',
        ...['Store', 'Deliveries', 'Retention', 'Api'].map((name) => `close ${name} <- close Relay`),
        'close subscription <- close Deliveries',
      ].toSorted(),
    )
    for (const name of ['Store', 'Deliveries', 'Retention', 'Api']) {
      const started = find(collector, `start ${name}`, `Relay.${name}`)
      const ended = find(collector, `close ${name}`, `Relay.${name}`)
      expect(ended?.links).toMatchObject([{ traceId: started?.traceId, spanId: started?.spanId }])
    }

    const delivered = collector.spans.find(({ name }) => name === 'deliver event')
    expect(delivered).toMatchObject({
      traceId,
      parentSpanId: 'b7ad6b7169203331',
      attributes: { 'relay.subscription': id },
    })
    expect(receiver.received[0]?.headers['traceparent']).toBe(`00-${traceId}-${delivered?.spanId}-01`)
    expect(new Set(collector.requests.map(({ path, type }) => `${path} ${type}`))).toEqual(
      new Set(['/v1/traces application/json']),
    )
    await collector.close()
  }, 30_000)

  it('of a failed start arrive as well, red', async () => {
    const collector = await startCollector()
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'other',
      DATABASE_FILE: createFolder(),
    }
    await expect(startRelay({ env })).rejects.toThrow('exit code 1')
    const start = find(collector, 'start Store', 'Relay.Store')
    expect(start).toMatchObject({ status: { code: 2 }, resource: { 'service.name': 'other' } })
    await collector.close()
  }, 30_000)
})

describe('Prometheus', () => {
  it('scrapes health, svc_state and version', async ({ skip }) => {
    if (!existsSync(PROMETHEUS)) skip('prometheus is not installed')
    const relay = await startRelay()
    const receiver = await startReceiver((response) => response.writeHead(500).end())
    const client = createClient(relay.url)
    const { id } = await client.subscribe(receiver.url)
    await client.post('a')
    const server = await startPrometheus(PROMETHEUS, createFolder(), new URL(relay.admin).host)
    const sick = `Relay.Deliveries.${id}`
    const health = await until(
      'the failing endpoint is seen',
      async () => {
        const series = await server.query('health')
        return series.some(({ metric, value }) => metric['service_id'] === sick && value[1] === '0') && series
      },
      30_000,
    )
    const names = ['Relay', 'Relay.Api', 'Relay.Deliveries', sick, 'Relay.Retention', 'Relay.Store']
    expect(Object.fromEntries(health.map(({ metric, value }) => [metric['service_id'], value[1]]))).toEqual(
      Object.fromEntries(names.map((name) => [name, name === sick ? '0' : '1'])),
    )
    const states = await server.query('svc_state == 1')
    expect(states.map(({ metric }) => `${metric['service_id']} ${metric['state']}`).toSorted()).toEqual(
      [...names, 'Admin', 'HealthCheck'].map((name) => `${name} Started`).toSorted(),
    )
    const [version] = await server.query('version')
    expect(version).toMatchObject({ metric: { job: 'svc', version: '0.0.0' }, value: [expect.any(Number), '1'] })
    const [lag] = await server.query('nodejs_eventloop_lag_p99_seconds')
    expect(Number(lag?.value[1])).toBeGreaterThan(0)
    await server.end()
    await relay.end('SIGKILL')
  }, 60_000)
})

describe('the admin listener', () => {
  it('lists the services, runs nothing of what they are called, and shows messages to this machine alone', async () => {
    const receiver = await startReceiver((response) => response.writeHead(500).end())
    for (const [host, isShown] of [
      ['127.0.0.1', true],
      ['0.0.0.0', false],
    ] as const) {
      const relay = await startRelay({ env: { ADMIN_HOST: host, MAX_ATTEMPTS: '3', RETRY_BASE_MS: '1' } })
      const client = createClient(relay.url)
      const { id } = await client.subscribe(receiver.url)
      await client.delivery(await client.post('a'), ({ status }) => status === 'dead')
      const admin = `http://127.0.0.1:${new URL(relay.admin).port}`
      const response = await fetch(`${admin}/`)
      const text = await response.text()
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': expect.stringContaining("default-src 'none'; style-src 'self'; script-src 'self'"),
      })
      expect(text).toMatch(new RegExp(`data-level="bad" data-id="Relay.Deliveries.${id}"[^]*?>Unhealthy<`))
      expect(text).toMatch(/data-level="good" data-id="Relay.Store"[^]*?>Healthy</)
      expect(text.includes('HTTP 500')).toBe(isShown)
      expect((await (await fetch(`${admin}/health.txt`)).text()).includes('HTTP 500')).toBe(isShown)
      const statuses = ['/debug/traces', '/livez', '/readyz', '/startupz', '/health', '/metrics', '/nothing'].map(
        async (path) => {
          const { status } = await fetch(`${admin}${path}`)
          return [path, status]
        },
      )
      expect(Object.fromEntries(await Promise.all(statuses))).toEqual({
        '/debug/traces': 200,
        '/livez': 200,
        '/readyz': 200,
        '/startupz': 200,
        '/health': 503,
        '/metrics': 200,
        '/nothing': 404,
      })
      await relay.end('SIGKILL')
    }
  }, 30_000)
})
