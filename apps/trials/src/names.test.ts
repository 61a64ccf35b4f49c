import { createScope, mergeReports, reportToJSON, type Scope, type Service } from '@svc/core'
import { createService, createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { createMultiStart } from '@svc/multistart'
import { otel } from '@svc/otel'
import { createProbes } from '@svc/probes'
import { prometheus } from '@svc/prometheus'
import { createStateMachine } from '@svc/statemachine'
import { assertHealthReportNames } from '@svc/testing'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'

/** Names that are code, markup, separators or nothing to see, somewhere. */
const NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  'a.b',
  '.',
  'a"b',
  "a'b",
  'a\\b',
  'a\\nb',
  'a\nb',
  'a\r\nb',
  'a\tb',
  ' ',
  'a b ',
  '😀',
  '👩‍👩‍👧',
  'é',
  'e\u0301',
  '\u202Eabc',
  '\u2028',
  '\u0000',
  '<script>alert(1)</script>',
  '&amp;',
  '{}',
  '{a="b"}',
  '%2F',
  'a/b',
  '../..',
  '?x=1&y',
  '#',
  '*',
  '0',
  '-1',
  'NaN',
  'null',
  'undefined',
  'x'.repeat(1000),
  '\uD800',
]

/** What a name becomes on its way through UTF-8: half a surrogate pair cannot be written. */
const written = (name: string): string => name.toWellFormed()

/** The values of a label in an exposition, read back as Prometheus reads them. */
function labelValues(text: string, metric: string, label: string): string[] {
  const pattern = new RegExp(`^${metric}\\{(?:[^"]*"(?:[^"\\\\]|\\\\.)*",)*?${label}="((?:[^"\\\\]|\\\\.)*)"`)
  return text.split('\n').flatMap((line) => {
    const value = pattern.exec(line)?.[1]
    return value === undefined ? [] : value.replaceAll(/\\(.)/g, (_, it: string) => (it === 'n' ? '\n' : it))
  })
}

interface Recorded {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** As much of a tracer as an exporter needs. */
function recordingProvider(spans: Recorded[]): never {
  const startSpan = (name: string, options: { attributes?: Record<string, unknown> } = {}): object => {
    const attributes = { ...options.attributes }
    spans.push({ name, attributes })
    const span: object = new Proxy(
      {},
      {
        get: (_, method) => {
          if (method === 'spanContext')
            return () => ({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 })
          if (method === 'isRecording') return () => true
          return (key?: string | object, value?: unknown) => {
            if (method === 'setAttribute') attributes[key as string] = value
            if (method === 'setAttributes') Object.assign(attributes, key)
            return span
          }
        },
      },
    )
    return span
  }
  return { getTracer: () => ({ startSpan }) } as never
}

/** A tree whose every service, condition, task and label has one name. */
function makeTree(name: string, parent: Scope, depth: number, ids: string[]): Service {
  const { service, engine } = createServiceEngine({
    name,
    parent,
    subServices: (inside) => (depth === 1 ? [] : [makeTree(name, inside, depth - 1, ids)]),
    start: (inside) => {
      inside.go(() => Promise.reject(new Error(name)), { label: name })
      inside.goTick({ periodMs: 60_000 }, () => {}, { label: name })
    },
  })
  engine.setHealthCondition(name, new Error(name))
  ids.unshift(engine.id)
  return service
}

describe.each(NAMES.map((name) => [JSON.stringify(name.slice(0, 40)), name]))('a service named %s', (_, name) => {
  const joined = (depth: number): string => Array.from({ length: depth }, () => name).join('.')

  it('is called so by a state machine and a multistart', async () => {
    const machine = createStateMachine({ name })
    expect(machine.readiness()).toMatchObject({ code: 'NOT_STARTED', service: name })
    await expect(machine.stopOnce(() => {})).rejects.toMatchObject({ service: name })
    const all = createMultiStart()
    await all.start([createService({ name }), { ...createService({ name: 'x' }), name: () => name }])
    const hanging = { start: () => {}, close: () => new Promise<void>(() => {}), name: () => name }
    const controller = new AbortController()
    await all.start([hanging])
    const closing = all.close(controller.signal)
    controller.abort()
    await expect(closing).rejects.toMatchObject({ pending: [{ service: name }] })
  })

  it('is in logs, reports, metrics, spans and pages as it is, three deep', async () => {
    const lines: { service?: string }[] = []
    const log = (fields: object): void => void lines.push(fields)
    const registry = new Registry()
    const spans: Recorded[] = []
    const metrics = prometheus({ registry })
    const exporters = [metrics, otel({ tracerProvider: recordingProvider(spans), tasks: 'all' })]
    const scope = createScope({ logger: { debug: log, info: log, warn: log, error: log }, exporters })
    const ids: string[] = []
    const root = makeTree(name, scope, 3, ids)
    const expected = [joined(1), joined(2), joined(3)]
    expect(ids.toSorted()).toEqual(expected.toSorted())
    const checker = createHealthChecker({ parent: scope })
    checker.register(root)
    await root.start()
    await checker.start()
    await Promise.resolve()

    const report = root.healthReport()
    assertHealthReportNames(report, expected)
    expect(Object.keys(reportToJSON(mergeReports([report]))).toSorted()).toEqual(expected.toSorted())
    expect([...checker.snapshot().health.keys()].toSorted()).toEqual(expected.toSorted())
    // A name may itself be a part of the path: the prefix of the checker's own is not looked at.
    const logged = new Set(lines.map((line) => line.service ?? '').filter((service) => service !== 'HealthCheck'))
    expect([...logged].toSorted()).toEqual(expected.toSorted())

    const text = await registry.metrics()
    for (const metric of ['health', 'svc_state_code']) {
      const shown = labelValues(text, metric, 'service_id').filter((id) => id !== 'HealthCheck')
      expect([metric, ...new Set(shown)].toSorted()).toEqual([metric, ...expected].toSorted())
    }
    // A span's attribute has a limit.
    const traced = spans.map(({ attributes }) => String(attributes['svc.id']).slice(0, 100))
    for (const id of expected) expect(traced).toContain(id.slice(0, 100))

    const probes = createProbes({ source: checker, draining: scope.draining, metrics: registry, details: 'always' })
    const get = async (path: string, accept = 'application/json'): Promise<string> => {
      const response = await probes(new Request(`http://localhost${path}`, { headers: { accept } }))
      return response.text()
    }
    const { data } = JSON.parse(await get('/health')) as { data: { id: string }[] }
    expect(data.map(({ id }) => written(id)).toSorted()).toEqual(expected.map(written).toSorted())
    const spring = JSON.parse(await get('/health?format=spring')) as { components: Record<string, unknown> }
    expect(Object.keys(spring.components).map(written).toSorted()).toEqual(expected.map(written).toSorted())
    // A line for each service, whatever its name is made of; its error below it.
    const plain = (await get('/health.txt', 'text/plain')).split('\n').filter((line) => line.startsWith('!  '))
    expect(plain).toHaveLength(3)
    expect(await get('/health', 'text/html')).not.toContain('<script>')
    // A path that is nothing but dots is another path, and what is no UTF-8 is none at all.
    if (name.isWellFormed() && !/^\.+$/.test(name)) {
      expect(await get(`/readyz/${encodeURIComponent(name)}`, 'text/plain')).toMatch(/^ok/)
    }
    await root.close()
    await checker.close()
    metrics[Symbol.dispose]()
  })

  it('can come and go, and is told from its like', async () => {
    const { service, engine } = createServiceEngine({ name: 'P' })
    await service.start()
    for (let round = 0; round < 2; round++) {
      const child = await engine.startSubService(createService({ name, parent: engine }))
      await expect(engine.startSubService(createService({ name, parent: engine }))).rejects.toThrow(TypeError)
      expect([...service.healthReport().keys()]).toEqual(['P', `P.${name}`])
      await engine.closeSubService(child)
    }
    expect([...service.healthReport().keys()]).toEqual(['P'])
    await service.close()
  })
})
