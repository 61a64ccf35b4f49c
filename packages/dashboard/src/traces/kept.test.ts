import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Operation } from '@svc/core'
import { createService, createServiceEngine, type Engine } from '@svc/engine'
import { describe, expect, it } from 'vitest'
import { type Node, recorderWorld, treeOf } from '../fixtures/traces-world.ts'
import { rootOf, type Trace } from './model.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

async function collect(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    gc()
    await new Promise((resolve) => void setImmediate(resolve))
  }
}

const fail = (message: string) => (): never => {
  throw new Error(message)
}

async function liveOnce(parent: Engine, i: number): Promise<WeakRef<object>> {
  const { service, engine } = createServiceEngine({ name: `Job${i}`, parent })
  await parent.startSubService(service)
  engine.go(fail('boom'))
  await parent.closeSubService(service)
  return new WeakRef(engine)
}

describe('what a recorder keeps', () => {
  it('of a tree of 10,000 services is what failed, what took long, and a count of the rest', async () => {
    const { recorder, scope } = recorderWorld()
    const below = Array.from({ length: 10_000 }, (_, i): Node => ({
      name: `S${i}`,
      ...(i % 3000 === 5 ? { close: fail(`no ${i}`) } : {}),
    }))
    const app = treeOf({ name: 'App', below }, scope)
    await app.start()
    await app.close().catch(() => {})
    const [close, start] = recorder.traces() as [Trace, Trace]
    for (const trace of [start, close]) {
      expect(trace.spans.length).toBeLessThanOrEqual(4000)
      expect(trace.spans.length + rootOf(trace).leftOut).toBe(10_001)
      expect(trace.open).toBe(0)
    }
    expect(close.spans.filter(({ failure }) => failure !== undefined).map(({ name }) => name)).toEqual([
      'App',
      'S5',
      'S3005',
      'S6005',
      'S9005',
    ])
  })

  it('is bounded for errors of any kind, which never make it throw', () => {
    const { recorder, scope } = recorderWorld()
    const cyclic = new Error('cycle')
    cyclic.cause = new AggregateError([cyclic], 'inner', { cause: cyclic })
    const refusing = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no')
      },
    })
    const many = new AggregateError(Array.from({ length: 1000 }, (_, i) => new Error(`part ${i}`)))
    const errors = [
      cyclic,
      refusing,
      many,
      new Error('y'.repeat(1_000_000)),
      Object.assign(new Error('z'), { message: 7 }),
    ]
    for (const error of errors) {
      const operation: Operation = {
        kind: 'start',
        scope,
        label: 'x',
        parent: undefined,
        origin: undefined,
        startedAt: 1,
      }
      expect(() => {
        recorder.observe({ type: 'begin', operation })
        recorder.observe({ type: 'end', operation, error, endedAt: 2 })
      }).not.toThrow()
    }
    const failures = recorder.traces().map(({ spans, text }) => [spans[0]?.failure, text] as const)
    expect(failures).toHaveLength(5)
    for (const [failure, text] of failures) {
      expect(failure?.exceptions.length).toBeLessThanOrEqual(10)
      expect(text).toBeLessThan(120_000)
    }
    expect(failures.some(([failure]) => failure?.count === 1000)).toBe(true)
  })

  it('of names is at most their beginning', async () => {
    const { recorder, scope } = recorderWorld()
    const name = '\n"<😀'.repeat(300_000)
    await createService({ name, parent: scope }).start()
    expect(rootOf(recorder.traces()[0] as Trace).name.length).toBeLessThanOrEqual(1024)
  })

  it('holds nothing of services that are gone', async () => {
    const { recorder, scope } = recorderWorld({ tasks: 'all' })
    const gone: WeakRef<object>[] = []
    const { service, engine } = createServiceEngine({ name: 'App', parent: scope })
    await service.start()
    for (let i = 0; i < 20; i++) gone.push(await liveOnce(engine, i))
    await collect()
    expect(recorder.traces().length).toBeGreaterThan(40)
    expect(gone.filter((it) => it.deref() !== undefined)).toHaveLength(0)
  })
})
