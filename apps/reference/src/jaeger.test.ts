import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { createClient } from './fixtures/client.ts'
import {
  findJaeger,
  type JaegerServer,
  type JaegerSpan,
  type JaegerTrace,
  startJaeger,
} from './fixtures/jaeger-server.ts'
import { closeReceivers, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, createFolder, run, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

const PROGRAM = findJaeger()
const PARTS = ['Store', 'Deliveries', 'Retention', 'Api']
/** The checker looks every 15 seconds, and this machine may be busy. */
const SEEN_MS = 60_000

let jaeger: JaegerServer | undefined

beforeAll(async () => {
  if (PROGRAM !== undefined) jaeger = await startJaeger(PROGRAM, createFolder())
})

afterAll(async () => {
  await jaeger?.end()
  await closeReceivers()
  await cleanUp()
})

/** The Jaeger; without one the test ends here, and says why. */
function jaegerOr(skip: TestContext['skip']): JaegerServer {
  return jaeger ?? skip('jaeger is not built: npm run jaeger')
}

/** The environment of a relay that is told apart from those of the other tests. */
function environmentOf({ endpoint }: JaegerServer, service: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: service }
}

/** Each span as `name <- parent's name`, sorted; a parent that is missing is `?`. */
function shape({ spans }: JaegerTrace): readonly string[] {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
  return spans
    .map(({ name, traceId, references }) => {
      const parent = references.find(({ refType, traceID }) => refType === 'CHILD_OF' && traceID === traceId)
      return parent === undefined ? name : `${name} <- ${names.get(parent.spanID) ?? '?'}`
    })
    .toSorted()
}

function tree(kind: string): readonly string[] {
  return [`${kind} Relay`, ...PARTS.map((name) => `${kind} ${name} <- ${kind} Relay`)].toSorted()
}

function spanOf(trace: JaegerTrace | undefined, name: string): JaegerSpan | undefined {
  return trace?.spans.find((span) => span.name === name)
}

/** The trace that has a span of this name. */
async function traceWith(server: JaegerServer, service: string, name: string): Promise<JaegerTrace | undefined> {
  return (await server.traces(service)).find((trace) => spanOf(trace, name) !== undefined)
}

function warningsOf(traces: readonly JaegerTrace[]): readonly string[] {
  return traces.flatMap(({ warnings, spans }) => [...warnings, ...spans.flatMap((span) => span.warnings)])
}

describe('Jaeger', () => {
  it('shows the start with every service under its parent, and after SIGTERM the close that refers to it', async ({
    skip,
  }) => {
    const server = jaegerOr(skip)
    const service = 'relay'
    const relay = await startRelay({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: server.endpoint, COMMIT: 'abcdef0' } })
    const start = await until('the start has arrived', () => traceWith(server, service, 'start Relay'))
    expect(await server.services()).toContain(service)
    expect(shape(start)).toEqual(tree('start'))
    expect(spanOf(start, 'start Relay')).toMatchObject({
      tags: { 'svc.id': 'Relay', 'svc.subservice.count': 4 },
      process: { 'service.instance.id': expect.any(String), 'vcs.ref.head.revision': 'abcdef0' },
    })

    expect(await relay.end()).toBe(0)
    const close = await traceWith(server, service, 'close Relay')
    expect(shape(close!).filter((it) => !it.startsWith('wait '))).toEqual(tree('close'))
    for (const name of ['Relay', ...PARTS]) {
      const { traceId, spanId } = spanOf(start, `start ${name}`)!
      expect(spanOf(close, `close ${name}`)?.references).toContainEqual({
        refType: 'FOLLOWS_FROM',
        traceID: traceId,
        spanID: spanId,
      })
    }
    expect(shape((await server.trace(start.traceId))!)).toEqual(shape(start))
    expect(warningsOf(await server.traces(service))).toEqual([])
  })

  it(
    'shows when an endpoint began to fail, why, and when it was well again',
    async ({ skip }) => {
      const server = jaegerOr(skip)
      const service = 'relay-health'
      const relay = await startRelay({ env: { ...environmentOf(server, service), RETRY_BASE_MS: '1' } })
      const receiver = await startReceiver((response) => response.writeHead(500).end())
      const client = createClient(relay.url)
      const { id } = await client.subscribe(receiver.url)
      await client.post('a')
      const changes = async (status: string): Promise<readonly JaegerSpan[]> => {
        const spans = (await server.traces(service)).flatMap((trace) => trace.spans)
        return spans.filter(
          ({ tags }) => tags['svc.id'] === `Relay.Deliveries.${id}` && tags['svc.health.status'] === status,
        )
      }
      const seen = (status: string) => async () => (await changes(status))[0]
      const red = await until('the red span', seen('unhealthy'), SEEN_MS)
      expect(red).toMatchObject({
        name: expect.stringMatching(/^health /),
        tags: { error: true, 'svc.health.condition': expect.stringContaining('endpoint') },
        logs: expect.arrayContaining([
          expect.objectContaining({ event: 'exception', 'exception.message': expect.stringContaining('HTTP 500') }),
        ]),
      })

      receiver.respond((response) => response.writeHead(204).end())
      await client.post('b')
      const green = await until('the green span', seen('healthy'), SEEN_MS)
      expect(green.tags['error']).toBeUndefined()
      expect(green.logs).toEqual([])
      expect(green.references).toContainEqual({ refType: 'FOLLOWS_FROM', traceID: red.traceId, spanID: red.spanId })
      expect([await changes('unhealthy'), await changes('healthy')].map(({ length }) => length)).toEqual([1, 1])
      expect(await relay.end()).toBe(0)
      expect(warningsOf(await server.traces(service))).toEqual([])
    },
    3 * SEEN_MS,
  )

  it('shows a start that failed in red, down to what failed', async ({ skip }) => {
    const server = jaegerOr(skip)
    const service = 'relay-failed'
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    expect(await run({ env: { ...environmentOf(server, service), PORT: String(port) } }).ended).toBe(1)
    taken.close()
    const start = await traceWith(server, service, 'start Relay')
    expect(spanOf(start, 'start Relay')?.tags['error']).toBe(true)
    const api = spanOf(start, 'start Api')
    expect(api?.tags['error']).toBe(true)
    expect(api?.tags['otel.status_description']).toContain(`127.0.0.1:${port}`)
    // Recorded once, at the deepest span that failed, its cause in the stack
    const exceptions = start!.spans.flatMap(({ name, logs }) => logs.map((log) => [name, log['exception.stacktrace']]))
    expect(exceptions).toEqual([['start Api', expect.stringContaining(`127.0.0.1:${port}`)]])
    // What had started was closed again, in the same trace
    const closed = start!.spans
      .filter(({ tags }) => tags['svc.close.reason'] === 'start_failed')
      .map(({ name }) => name)
    expect(closed).toEqual(expect.arrayContaining(['close Store', 'close Deliveries', 'close Retention']))
    expect(warningsOf(await server.traces(service))).toEqual([])
  })
})
