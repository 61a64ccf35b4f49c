import { createScope, type Scope } from '@svc/core'
import { createService, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { prometheus } from '@svc/prometheus'
import { collectDefaultMetrics, Registry } from 'prom-client'

/** What a program with @svc/prometheus and prom-client's default metrics exports under one name. */
export interface ExportedMetric {
  /** The name that its help and type have: that of a histogram without `_bucket`, `_sum` and `_count`. */
  readonly family: string
  readonly type: string
  readonly help: string
  readonly labels: ReadonlySet<string>
}

/**
 * Runs services that do everything once, and reads back what was exported of it, by the name that a query uses: a
 * histogram is there as `_bucket`, `_sum` and `_count`.
 */
export async function exportedMetrics(): Promise<ReadonlyMap<string, ExportedMetric>> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  await liveOnce(createScope({ exporters: [prometheus({ registry })] }))

  const found = new Map<string, { family: string; type: string; help: string; labels: Set<string> }>()
  for (const { name: family, type, help, values } of (await registry.getMetricsAsJSON()) as unknown as Family[]) {
    const isHistogram = type === 'histogram'
    const declared = (registry.getSingleMetric(family) as { labelNames?: readonly string[] }).labelNames ?? []
    for (const suffix of isHistogram ? ['_bucket', '_sum', '_count'] : ['']) {
      const labels = new Set([...declared, ...(suffix === '_bucket' ? ['le'] : [])])
      found.set(family + suffix, { family, type, help, labels })
    }
    for (const { metricName = family, labels } of values) {
      for (const label of Object.keys(labels)) found.get(metricName)?.labels.add(label)
    }
  }
  return found
}

interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly values: readonly { readonly metricName?: string; readonly labels: Readonly<Record<string, unknown>> }[]
}

/** Starts that go well and that fail, ticks, tasks, errors, conditions, and a close that fails. */
async function liveOnce(scope: Scope): Promise<void> {
  const ticked = Promise.withResolvers<void>()
  const app = createService({
    name: 'App',
    parent: scope,
    subServices: (engine) => [
      createService({ name: 'Jobs', parent: engine, start: (engine) => work(engine, () => ticked.resolve()) }),
      createService({ name: 'Clinging', parent: engine, close: () => Promise.reject(new Error('held')) }),
    ],
  })
  const stillborn = createService({ name: 'Stillborn', parent: scope, start: () => Promise.reject(new Error('no')) })
  const checker = createHealthChecker({ parent: scope, version: '1.0.0', commit: 'abcdef0' })
  checker.register(app)
  await checker.start()
  await stillborn.start().catch(() => undefined)
  await app.start()
  await ticked.promise
  await app.close().catch(() => undefined)
  await checker.close()
}

function work(engine: Engine, ticked: () => void): void {
  engine.emitHealthError(new Error('lost'))
  engine.setHealthCondition('disk', new Error('full'))
  engine.go(() => undefined, { label: 'import' })
  engine.goTick({ periodMs: 60_000 }, ticked)
}
