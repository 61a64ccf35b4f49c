import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createScope, emit, type Scope } from '@svc/core'
import { createServiceEngine, createService } from '@svc/engine'
import { describe, expect, it } from 'vitest'
import { line } from './fixtures/line-3.ts'
import { child, perform } from './fixtures/world.ts'
import { otel } from './otel.ts'
import { createServices, outermostStart } from './services.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

async function collect(): Promise<void> {
  // Finalizers run in tasks of their own, some time after a collection.
  for (let i = 0; i < 10; i++) {
    gc()
    await new Promise((resolve) => void setImmediate(resolve))
  }
}

describe('createServices()', { timeout: 60_000 }, () => {
  const root = createScope()
  const span = (spanId: string): { traceId: string; spanId: string; traceFlags: number } => ({
    traceId: '1',
    spanId,
    traceFlags: 1,
  })

  it('finds a record by its scope and by its full name, until it is forgotten', () => {
    const services = createServices()
    const scope = child('App', root)
    const record = services.of(scope)
    expect([services.of(scope), services.known(scope), services.named('App')]).toEqual([record, record, record])
    services.forget(scope)
    services.forget(scope)
    expect([services.known(scope), services.named('App'), services.size()]).toEqual([undefined, undefined, 0])
  })

  it('gives a name to the service that took it last, and leaves it to that one', () => {
    const services = createServices()
    const [first, second] = [child('Job', root), child('Job', root)]
    services.of(first)
    const record = services.of(second)
    services.forget(first)
    expect(services.named('Job')).toBe(record)
  })

  it('keeps no name for a scope that has none', () => {
    const services = createServices()
    services.of(root)
    expect([services.size(), services.known(root)?.scope]).toEqual([0, root])
  })

  it('keeps nothing of scopes that are gone, also of those that were never removed', async () => {
    const services = createServices()
    for (let i = 0; i < 10_000; i++) services.of(child(`Job${i}`, root))
    const kept = child('Kept', root)
    services.of(kept)
    await collect()
    expect([services.size(), services.named('Kept')?.scope]).toEqual([1, kept])
  })

  it('finds the start of the outermost service', () => {
    const services = createServices()
    const app = child('App', root)
    const pool = child('Pool', child('Database', app))
    expect([outermostStart(services, pool), outermostStart(services, undefined)]).toEqual([undefined, undefined])
    services.of(pool).start = span('pool')
    expect(outermostStart(services, pool)?.spanId).toBe('pool')
    services.of(app).start = span('app')
    expect(outermostStart(services, pool)?.spanId).toBe('app')
  })
})

describe('the memory of an exporter', { timeout: 60_000 }, () => {
  /** Everything about one service that an exporter is told, and whether its scope is still held afterwards. */
  async function live(parent: Scope, name: string, isRemoved: boolean): Promise<WeakRef<Scope>> {
    const scope = child(name, parent)
    const origin = await perform(scope, 'start')
    await perform(scope, 'tick', () => Promise.reject(new Error('broken')), { origin, label: 'poll' })
    emit(scope, { type: 'condition', scope, key: 'poll', error: new Error('broken'), active: 1 })
    emit(scope, { type: 'flush', scope, errors: [new Error('broken')], dropped: 0, at: performance.timeOrigin })
    await perform(scope, 'close', () => {}, { origin })
    if (isRemoved) emit(scope, { type: 'removed', scope })
    return new WeakRef(scope)
  }

  for (const isRemoved of [true, false]) {
    it(`holds nothing of 10,000 services that came and went, ${isRemoved ? 'removed' : 'never removed'}`, async () => {
      const { provider } = line.createSdk({ isSampled: () => false })
      const scope = createScope({ exporters: [otel({ tracerProvider: provider, ticks: 'all' })] })
      const refs: WeakRef<Scope>[] = []
      for (let i = 0; i < 10_000; i++) refs.push(await live(scope, `Job${i}`, isRemoved))
      await collect()
      expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(10)
    })
  }

  it('holds nothing of 10,000 services that came and went while it made metrics', async () => {
    const meters = line.createMeters()
    const scope = createScope({ exporters: [otel({ meter: meters.meter })] })
    const refs: WeakRef<Scope>[] = []
    for (let i = 0; i < 10_000; i++) {
      refs.push(await live(scope, `Job${i}`, true))
      if (i % 1000 === 0) await meters.collect()
    }
    await collect()
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(10)
    const count = (await meters.collect()).length
    await live(scope, 'Later', true)
    expect((await meters.collect()).length).toBe(count)
  })

  it.each(['spans', 'metrics'])('stays flat while services of an engine come and go, for %s', async (what) => {
    const { provider } = line.createSdk({ isSampled: () => false })
    const meters = line.createMeters()
    const { service, engine } = createServiceEngine({
      name: 'App',
      parent: createScope({
        exporters: [otel(what === 'spans' ? { tracerProvider: provider } : { meter: meters.meter })],
      }),
    })
    await service.start()
    const churn = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++)
        await engine.closeSubService(await engine.startSubService(createService({ name: `Job${i}`, parent: engine })))
    }
    await churn(1000)
    await collect()
    const before = process.memoryUsage().heapUsed
    await churn(10_000)
    await collect()
    expect((process.memoryUsage().heapUsed - before) / 10_000).toBeLessThan(50)
    await service.close()
  })
})
