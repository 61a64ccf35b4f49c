import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { type Span, startCollector } from './fixtures/collector.ts'
import { cleanUp, type Ended, run, type Running, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

/** A program that its collector holds ends after this at the earliest. It is to end within a quarter of it. */
const COLLECTOR_GIVES_UP_MS = 8_000
/** A busy machine takes its time to start a program. */
const STARTED_MS = 60_000
const ERROR = 2

/** What a program with the telemetry of the relay does, what then ends it, and the exit code. */
const ENDS: readonly (readonly [scenario: string, signal: NodeJS.Signals | undefined, code: number])[] = [
  ['runs', 'SIGTERM', 0],
  ['runs', 'SIGINT', 0],
  ['fails to start', undefined, 1],
  ['fails to close', 'SIGTERM', 1],
  ['hangs in its close', 'SIGTERM', 1],
  ['throws', undefined, 1],
  ['rejects', undefined, 1],
]

/** Of some of them, the line after which it ends, or is told to. */
const STOPS: ReadonlyMap<string, string> = new Map([
  ['runs', 'Started in'],
  ['fails to start', 'Cannot start'],
  ['throws', 'Uncaught exception'],
])

afterAll(cleanUp)

function begin(scenario: string, endpoint: string): Running {
  const grace: Readonly<Record<string, string>> = scenario === 'hangs in its close' ? { GRACE_MS: '300' } : {}
  const env = { ...grace, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
  return run({ program: 'src/fixtures/last-span-program.ts', args: [scenario], env })
}

/** Waits for a line of the log; a program that ends without it has failed, and shows why. */
async function untilSaid(program: Running, text: string): Promise<void> {
  let hasEnded = false
  void program.ended.then(() => (hasEnded = true))
  const isSaid = (): boolean => {
    if (program.lines().some(({ msg }) => msg.startsWith(text))) return true
    if (hasEnded) throw new Error(`It ended without "${text}":\n${program.output()}`)
    return false
  }
  await until(`it says "${text}"`, isSaid, STARTED_MS)
}

async function runToEnd(scenario: string, signal: NodeJS.Signals | undefined, endpoint: string): Promise<Ended> {
  const program = begin(scenario, endpoint)
  if (signal !== undefined) {
    await untilSaid(program, 'Started in')
    program.child.kill(signal)
  }
  const code = await program.ended
  return { code, output: program.output(), lines: program.lines() }
}

/** The spans as `name <- parent's name`, red ones marked, in the order of their ends. */
function shapes(spans: readonly Span[]): readonly string[] {
  return spans.map(({ traceId, name, parentSpanId, status }) => {
    const parent = spans.find((it) => it.spanId === parentSpanId && it.traceId === traceId)
    return `${name}${parent === undefined ? '' : ` <- ${parent.name}`}${status.code === ERROR ? ' (red)' : ''}`
  })
}

describe('the last span', { timeout: 120_000 }, () => {
  const started = ['start Part <- start App', 'start App']
  const closed = ['close Part <- close App', 'close App']

  it.each(ENDS)('arrives when a program %s (signal: %s), with the exit code %i', async (scenario, signal, code) => {
    const collector = await startCollector()
    const ended = await runToEnd(scenario, signal, collector.url)
    expect(ended.code).toBe(code)
    const expected: Readonly<Record<string, readonly string[]>> = {
      'fails to start': ['start Part <- start App (red)', 'start App (red)'],
      'hangs in its close': [...started, 'close Part <- close App (red)', 'close App (red)'],
      'fails to close': [...started, 'close Part <- close App (red)', 'close App (red)'],
    }
    expect(shapes(collector.spans)).toEqual(expected[scenario] ?? [...started, ...closed])
    await collector.close()
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('of the relay arrives at %s', async (signal) => {
    const collector = await startCollector()
    const relay = await startRelay({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
    expect(await relay.end(signal)).toBe(0)
    const names = shapes(collector.spans)
    const parts = ['Store', 'Deliveries', 'Retention', 'Api']
    for (const kind of ['start', 'close']) {
      expect(names).toEqual(
        expect.arrayContaining([`${kind} Relay`, ...parts.map((name) => `${kind} ${name} <- ${kind} Relay`)]),
      )
    }
    expect(names.at(-1)).toBe('close HealthCheck')
    await collector.close()
  })

  it('of a relay whose port is taken arrives, red', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const collector = await startCollector()
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, PORT: String(port) }
    expect(await run({ env }).ended).toBe(1)
    expect(shapes(collector.spans)).toEqual(
      expect.arrayContaining(['start Store <- start Relay', 'start Api <- start Relay (red)', 'start Relay (red)']),
    )
    const red = collector.spans.find(({ name }) => name === 'start Relay')
    expect(red?.status.message).toContain(`127.0.0.1:${port}`)
    await collector.close()
    taken.close()
  })
})

describe('a collector that', { timeout: 120_000 }, () => {
  /** What a collector is called here, and how it is started. */
  const collectors: readonly (readonly [what: string, start: () => Promise<Useless>])[] = [
    ['refuses connections', startRefusing],
    ['takes connections and reads nothing', startDeaf],
    ['never answers', () => startCollector('never')],
    ['is unavailable', () => startCollector('unavailable')],
    ['answers byte by byte without an end', () => startCollector('byte by byte')],
  ]

  it.each(collectors)(
    '%s changes no exit code, and holds no program for long',
    async (_, start) => {
      const collector = await start()
      const endings = ENDS.filter(([scenario, signal]) => signal !== 'SIGINT' && STOPS.has(scenario))
      const programs = endings.map(([scenario]) => begin(scenario, collector.url))
      await Promise.all(
        endings.map(async ([scenario, signal], index) => {
          const program = programs[index]!
          await untilSaid(program, STOPS.get(scenario) ?? '')
          if (signal !== undefined) program.child.kill(signal)
        }),
      )
      let hasGivenUp = false
      const timer = setTimeout(() => {
        hasGivenUp = true
        void collector.close()
      }, COLLECTOR_GIVES_UP_MS)
      const codes = await Promise.all(programs.map(({ ended }) => ended))
      clearTimeout(timer)
      expect([codes, hasGivenUp]).toEqual([endings.map(([, , code]) => code), false])
      expect(programs.map((program) => program.lines().at(-1)?.msg)).toEqual(
        endings.map(([, , code]) => `Ended with exit code ${code}`),
      )
      await collector.close()
    },
    120_000,
  )
})

interface Useless {
  readonly url: string
  close(): Promise<void>
}

async function startRefusing(): Promise<Useless> {
  const collector = await startCollector()
  await collector.close()
  return collector
}

async function startDeaf(): Promise<Useless> {
  const sockets: Socket[] = []
  const server = createTcpServer({ pauseOnConnect: true }, (socket) => sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
