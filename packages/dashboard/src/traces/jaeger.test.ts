import { readFileSync } from 'node:fs'
import { createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { pagesWorld, type PagesWorld, recorderWorld, treeOf } from '../fixtures/traces-world.ts'
import { spanIdOf, traceIdOf } from './ids.ts'
import { type JaegerFile, type JaegerSpan, toJaeger } from './jaeger.ts'
import { createLinks } from './links.ts'
import type { Trace } from './model.ts'

const fail = (message: string) => (): never => {
  throw new Error(message)
}

// What Jaeger 2.13 answered for a health check with a failed change in it.
const ANSWER = new URL('../fixtures/jaeger-answer.json', import.meta.url)

/** The paths of all keys with the types of what is there, `data[].spans[].spanID: string`. */
function shapeOf(value: unknown, path = '', into: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) for (const it of value) shapeOf(it, `${path}[]`, into)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, it] of Object.entries(value)) shapeOf(it, `${path}.${key}`, into)
  } else into.add(`${path}: ${value === null ? 'null' : typeof value}`)
  return into
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** A program that started, was unhealthy and well again, and closed with an error. */
async function live(options: Parameters<typeof pagesWorld>[0] = {}): Promise<PagesWorld> {
  const world = pagesWorld(options)
  const { scope } = world
  const { service, engine } = createServiceEngine({
    name: 'App',
    parent: scope,
    subServices: (engine) => [treeOf({ name: 'Store', close: fail('disk full') }, engine)],
  })
  await service.start()
  const checker = createHealthChecker({ parent: scope, version: '1', commit: 'abc', intervalMs: 1000 })
  checker.register(service)
  await checker.start()
  await vi.advanceTimersByTimeAsync(2000)
  engine.setHealthCondition('feed', new Error('feed is late'))
  await vi.advanceTimersByTimeAsync(3000)
  engine.clearHealthCondition('feed')
  await vi.advanceTimersByTimeAsync(3000)
  await service.close().catch(() => {})
  await checker.close()
  return world
}

async function fileOf(world: PagesWorld, details = true): Promise<JaegerFile> {
  return JSON.parse(await world.text('/debug/traces/jaeger.json', details)) as JaegerFile
}

function spansOf({ data }: JaegerFile): readonly JaegerSpan[] {
  return data.flatMap(({ spans }) => spans)
}

describe('toJaeger()', () => {
  it('has the shape of an answer of Jaeger', async () => {
    const real = shapeOf(JSON.parse(readFileSync(ANSWER, 'utf8')))
    const ours = shapeOf(await fileOf(await live()))
    expect([...ours].filter((it) => !real.has(it))).toEqual([])
    // What an attribute's value may be depends on what was recorded.
    const missing = [...real].filter((it) => !ours.has(it))
    expect(missing).toEqual(['.data[].spans[].tags[].value: boolean'].filter((it) => missing.includes(it)))
  })

  it('has ids of the right length, each once, and times in whole microseconds', async () => {
    const spans = spansOf(await fileOf(await live()))
    expect(new Set(spans.map(({ spanID }) => spanID)).size).toBe(spans.length)
    for (const { traceID, spanID, startTime, duration, processID } of spans) {
      expect(traceID).toMatch(/^[0-9a-f]{32}$/)
      expect(spanID).toMatch(/^[0-9a-f]{16}$/)
      expect([Number.isSafeInteger(startTime), Number.isSafeInteger(duration), processID]).toEqual([true, true, 'p1'])
      expect(startTime).toBeGreaterThan(1.6e15)
      expect(duration).toBeGreaterThanOrEqual(0)
    }
  })

  it('is the same each time', async () => {
    const world = await live()
    expect(await fileOf(world)).toEqual(await fileOf(world))
  })

  it('has each span under its parent, and refers to the other traces', async () => {
    const file = await fileOf(await live({ title: () => 'relay' }))
    expect(file.data.every(({ processes }) => processes['p1']?.serviceName === 'relay')).toBe(true)
    const spans = spansOf(file)
    const nameOf = new Map(spans.map(({ spanID, operationName }) => [spanID, operationName]))
    const told = (operationName: string): readonly (readonly string[])[] =>
      spans
        .filter((it) => it.operationName === operationName)
        .map((it) => it.references.map(({ refType, spanID }) => `${refType} ${nameOf.get(spanID)}`))
    expect(told('start Store')).toEqual([['CHILD_OF start App']])
    expect(told('close App')).toEqual([['FOLLOWS_FROM start App']])
    expect(told('close Store')).toEqual([['CHILD_OF close App', 'FOLLOWS_FROM start Store']])
    expect(told('health App').at(-1)).toEqual(['CHILD_OF health check', 'FOLLOWS_FROM start App'])
    expect(told('health App').at(-2)).toEqual([
      'CHILD_OF health check',
      'FOLLOWS_FROM start App',
      'FOLLOWS_FROM health App',
    ])
  })

  it('marks what failed, with its exception where it was told', async () => {
    const spans = spansOf(await fileOf(await live()))
    const failed = spans.filter(({ tags }) => tags.some(({ key, value }) => key === 'error' && value === true))
    expect(new Set(failed.map(({ operationName }) => operationName))).toEqual(
      new Set(['close App', 'close Store', 'health App']),
    )
    const store = spans.find(({ operationName }) => operationName === 'close Store')
    expect(Object.fromEntries(store?.tags.map(({ key, value }) => [key, value]) ?? [])).toMatchObject({
      'svc.id': 'App.Store',
      'svc.close.reason': 'parent',
      'svc.state': 'StopFailed',
      'otel.status_description': 'disk full',
      'error.type': 'Error',
    })
    expect(store?.logs[0]?.fields.map(({ key }) => key)).toEqual([
      'event',
      'exception.type',
      'exception.message',
      'exception.stacktrace',
    ])
  })

  it('has no message for who may see none', async () => {
    const text = JSON.stringify(await fileOf(await live(), false))
    expect(text).not.toMatch(/disk full|feed is late|stacktrace/)
    expect(text).toContain('"error"')
  })

  it('joins what OpenTelemetry has as one trace, and then needs no links', async () => {
    const spanIds = new Map<unknown, string>()
    const spans = {
      spanOf: (subject: object) => {
        if (!spanIds.has(subject)) spanIds.set(subject, String(spanIds.size + 1).padStart(16, '0'))
        return { traceId: 'a'.repeat(32), spanId: spanIds.get(subject) as string, isRecorded: true }
      },
    }
    const { recorder, scope } = recorderWorld({ spans })
    const app = treeOf({ name: 'App' }, scope)
    await app.start()
    await app.close()
    const traces = recorder.traces()
    const file = toJaeger(traces, { program: 'x', links: createLinks(traces), now: 0, details: true })
    expect(file.data.map(({ traceID }) => traceID)).toEqual(['a'.repeat(32)])
    expect(spansOf(file).map(({ operationName, references }) => [operationName, references])).toEqual([
      ['close App', [{ refType: 'CHILD_OF', traceID: 'a'.repeat(32), spanID: spanIdOf(traces[1]?.spans[0] as never) }]],
      ['start App', []],
    ])
  })

  it('says that something has not ended', () => {
    const { recorder, scope } = recorderWorld()
    void treeOf({ name: 'App', start: () => new Promise(() => {}) }, scope).start()
    const traces = recorder.traces()
    const startedAt = traces[0]?.spans[0]?.startedAt ?? 0
    const file = toJaeger(traces, { program: 'x', links: createLinks(traces), now: startedAt + 1500, details: true })
    const [span] = spansOf(file)
    expect([span?.duration, span?.warnings]).toEqual([1_500_000, ['This had not ended when the file was written.']])
  })
})

describe('traceIdOf()', () => {
  it('is random where nothing else is known', async () => {
    const { recorder, scope } = recorderWorld()
    for (let i = 0; i < 50; i++) await treeOf({ name: `App${i}` }, scope).start()
    const ids = recorder.traces().map((it: Trace) => traceIdOf(it))
    expect(new Set(ids).size).toBe(50)
  })
})
