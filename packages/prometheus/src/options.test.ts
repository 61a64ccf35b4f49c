import * as prometheusIo from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { prometheus, type PrometheusOptions } from './index.ts'

describe('prometheus()', () => {
  it('refuses wrong options before anything is registered', () => {
    const registry = new promClient.Registry()
    const refused = [
      [undefined],
      [null],
      [{}],
      [{ registry: null }],
      [{ registry: 'default' }],
      [{ registry: {} }],
      [{ registry: { registerMetric: () => {} } }],
      [{ registry: { registerMetric: 1, removeSingleMetric: () => {} } }],
      [{ registry, prefix: 5 }],
      [{ registry, prefix: '1_' }],
      [{ registry, prefix: 'my-app_' }],
      [{ registry, prefix: 'my:app_' }],
      [{ registry, prefix: 'svc_\n' }],
      [{ registry, maxServices: '5' }],
      [{ registry, maxServices: 0 }],
      [{ registry, maxServices: -1 }],
      [{ registry, maxServices: 1.5 }],
      [{ registry, maxServices: NaN }],
      [{ registry, maxServices: Infinity }],
      [{ registry, spans: null }],
      [{ registry, spans: 'otel' }],
      [{ registry, spans: {} }],
      [{ registry, spans: { spanOf: 1 } }],
    ].map(([options]) => {
      try {
        prometheus(options as never)
        return 'no error'
      } catch (error) {
        return String(error)
      }
    })

    expect(refused).toMatchInlineSnapshot(`
      [
        "TypeError: Cannot use the options: expected an object, got undefined",
        "TypeError: Cannot use the options: expected an object, got null",
        "TypeError: Cannot use option "registry": expected an object, got undefined",
        "TypeError: Cannot use option "registry": expected an object, got null",
        "TypeError: Cannot use option "registry": expected an object, got "default"",
        "TypeError: Cannot use the method "registerMetric" of option "registry": expected a function, got undefined",
        "TypeError: Cannot use the method "removeSingleMetric" of option "registry": expected a function, got undefined",
        "TypeError: Cannot use the method "registerMetric" of option "registry": expected a function, got 1",
        "TypeError: Cannot use option "prefix": expected a string, got 5",
        "RangeError: Cannot use option "prefix": expected letters, digits and "_", no digit first, got "1_"",
        "RangeError: Cannot use option "prefix": expected letters, digits and "_", no digit first, got "my-app_"",
        "RangeError: Cannot use option "prefix": expected letters, digits and "_", no digit first, got "my:app_"",
        "RangeError: Cannot use option "prefix": expected letters, digits and "_", no digit first, got "svc_\\n"",
        "TypeError: Cannot use option "maxServices": expected a number, got "5"",
        "RangeError: Cannot use option "maxServices": expected a whole number of 1 or more, got 0",
        "RangeError: Cannot use option "maxServices": expected a whole number of 1 or more, got -1",
        "RangeError: Cannot use option "maxServices": expected a whole number of 1 or more, got 1.5",
        "RangeError: Cannot use option "maxServices": expected a whole number of 1 or more, got NaN",
        "RangeError: Cannot use option "maxServices": expected a whole number of 1 or more, got Infinity",
        "TypeError: Cannot use option "spans": expected an object, got null",
        "TypeError: Cannot use option "spans": expected an object, got "otel"",
        "TypeError: Cannot use the method "spanOf" of option "spans": expected a function, got undefined",
        "TypeError: Cannot use the method "spanOf" of option "spans": expected a function, got 1",
      ]
    `)
    expect(registry.getMetricsAsArray()).toEqual([])
    expect(() => prometheus({ registry, prefix: '', maxServices: 1 })).not.toThrow()
  })

  it('takes a registry of each client, of either content type', () => {
    type Option = PrometheusOptions['registry']
    expectTypeOf<promClient.Registry>().toExtend<Option>()
    expectTypeOf<promClient.Registry<promClient.OpenMetricsContentType>>().toExtend<Option>()
    expectTypeOf<prometheusIo.Registry>().toExtend<Option>()
    expectTypeOf<prometheusIo.Registry<prometheusIo.OpenMetricsContentType>>().toExtend<Option>()
    const exporters = [
      prometheus({ registry: new promClient.Registry() }),
      prometheus({ registry: new prometheusIo.Registry() }),
    ]
    expect(exporters).toHaveLength(2)
  })
})
