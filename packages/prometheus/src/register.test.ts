import { describe, expect, it, vi } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { prometheus } from './index.ts'

const CLASH =
  'Cannot register the metric "health": the registry has one of that name already, perhaps of another exporter'

describe.each(clients)('prometheus() registering with %s', (_, { Registry, Gauge }) => {
  it('registers nothing when there is an exporter on the registry already', () => {
    const registry = new Registry()
    prometheus({ registry })
    const before = registry.getMetricsAsArray()

    expect(() => prometheus({ registry })).toThrow(CLASH)
    expect(() => prometheus({ registry, prefix: 'other_' })).toThrow(CLASH)
    expect(registry.getMetricsAsArray()).toEqual(before)
  })

  it('registers nothing when the program has a metric of one of the names', () => {
    const registry = new Registry()
    const own = new Gauge({ name: 'svc_tasks_in_flight', help: 'The last of the names', registers: [registry] })

    expect(() => prometheus({ registry })).toThrow(CLASH.replace('health', 'svc_tasks_in_flight'))
    expect(registry.getMetricsAsArray()).toEqual([own])
  })

  it('undoes what it has registered when the registry refuses one', () => {
    const registry = new Registry()
    const refusal = new Error('full')
    const register = registry.registerMetric.bind(registry)
    registry.registerMetric = vi.fn<(metric: never) => void>((metric) => {
      if ((metric as { name: string }).name === 'svc_errors_total') throw refusal
      register(metric)
    })

    expect(() => prometheus({ registry })).toThrow(
      expect.objectContaining({
        message: 'Cannot register the metric "svc_errors_total": the registry refused it',
        cause: refusal,
      }),
    )
    expect(registry.registerMetric).toHaveBeenCalledTimes(14)
    expect(registry.getMetricsAsArray()).toEqual([])
  })

  it('removes only what it has registered itself where it cannot look a name up', () => {
    const names = new Set(['svc_errors_total'])
    const registry = {
      registerMetric: (metric: never) => {
        const { name } = metric as { name: string }
        if (names.has(name)) throw new Error(`${name} is taken`)
        names.add(name)
      },
      removeSingleMetric: (name: string) => void names.delete(name),
    }

    expect(() => prometheus({ registry })).toThrow('Cannot register the metric "svc_errors_total"')
    expect([...names]).toEqual(['svc_errors_total'])
    names.clear()
    const exporter = prometheus({ registry })
    expect(names.size).toBe(20)
    exporter[Symbol.dispose]()
    expect(names.size).toBe(0)
  })
})
