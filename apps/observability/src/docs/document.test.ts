import { readFileSync } from 'node:fs'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import { prometheus } from '@svc/prometheus'
import { beforeAll, describe, expect, it } from 'vitest'
import { exportedMetrics } from '../exported-metrics.ts'
import { codeIn, readDocument, readTable, theCodeIn } from './document.ts'
import { type Everything, recordEverything } from './everything.ts'
import { inRepository } from './programs.ts'

let made: Everything

beforeAll(async () => {
  made = await recordEverything()
})

function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].toSorted()
}

function operationOf(span: Everything['spans'][number]): string {
  return String(span.attributes['svc.operation'])
}

function kindOf(metric: MetricData): string {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'up-down counter'
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram'
}

describe('docs/observability.md', () => {
  it('has every metric with its type and labels, and no other', async () => {
    const exported = new Map<string, string>()
    for (const [name, { family, type, labels }] of await exportedMetrics()) {
      // Those of the client are its own matter
      if (/^(?:process|nodejs)_/.test(name)) continue
      const own = sorted(labels).filter((label) => label !== 'le')
      exported.set(family, `${family} ${type} ${own.join()}`)
    }
    const documented = readTable('metrics').map(
      ({ metric, type, labels }) => `${theCodeIn(metric)} ${type} ${sorted(codeIn(labels)).join()}`,
    )
    expect(documented.toSorted()).toEqual(sorted(exported.values()))
  })

  it('says how a cluster combines each', () => {
    const registered: string[] = []
    const registerMetric = (metric: object): void => {
      const { name, aggregator } = metric as { name: string; aggregator: string }
      registered.push(`${name} ${aggregator}`)
    }
    prometheus({ registry: { registerMetric, removeSingleMetric: () => {} } })
    const documented = readTable('metrics').map((row) => `${theCodeIn(row['metric'])} ${row['in a cluster']}`)
    expect(documented.toSorted()).toEqual(registered.toSorted())
  })

  it('has every instrument of OpenTelemetry with its unit, its kind and its attributes, and no other', () => {
    const instruments = made.metrics.map((metric) => {
      const { descriptor, dataPoints } = metric
      const attributes = dataPoints.flatMap((point) => Object.keys(point.attributes))
      return `${descriptor.name} ${kindOf(metric)} ${descriptor.unit} ${sorted(attributes).join()}`
    })
    const documented = readTable('metrics').map((row) => {
      const name = theCodeIn(row['OpenTelemetry'])
      // As the text says
      const kind = name === 'svc.tasks.in_flight' ? 'up-down counter' : row['type']
      return `${name} ${kind} ${theCodeIn(row['unit'])} ${sorted(codeIn(row['labels'])).join()}`
    })
    expect(documented.toSorted()).toEqual(sorted(instruments))
    expect(readDocument()).toContain('`svc.tasks.in_flight` is an up-down counter')
  })

  it('has the unit of each metric in its name', () => {
    const wrong = readTable('metrics').filter(
      ({ metric, unit }) => theCodeIn(metric).endsWith('_seconds') !== (theCodeIn(unit) === 's'),
    )
    expect(wrong).toEqual([])
  })

  it('has every span, and no other', () => {
    const names = made.spans.map((span) => {
      const { 'svc.name': name, 'svc.task.name': label } = span.attributes
      const operation = operationOf(span)
      if (operation === 'health check') return span.name
      if (operation === 'task') return span.name === `task ${String(label)}` ? 'task LABEL' : span.name
      return span.name === `${operation} ${String(name)}` ? `${operation} NAME` : span.name
    })
    expect(
      readTable('spans')
        .map(({ span }) => theCodeIn(span))
        .toSorted(),
    ).toEqual(sorted(names))
    expect(sorted(made.spans.map(({ kind }) => SpanKind[kind]))).toEqual(['INTERNAL'])
    expect(sorted(made.spans.map(({ instrumentationScope }) => instrumentationScope.name))).toEqual(['@svc/otel'])
  })

  it('says what each span is part of', () => {
    const operations = new Map(made.spans.map((span) => [span.spanContext().spanId, operationOf(span)]))
    const found = made.spans.map((span) => {
      const parent = span.parentSpanContext
      return `${operationOf(span)} in ${parent === undefined ? 'its own' : operations.get(parent.spanId)}`
    })
    const documented = readTable('spans').flatMap((row) => {
      const operation = theCodeIn(row['span']).replace(/ [A-Z]+$/, '')
      const above = [...codeIn(row['part of']), ...(/trace of its own/.test(row['part of'] ?? '') ? ['its own'] : [])]
      return above.map((it) => `${operation} in ${it}`)
    })
    expect(documented.toSorted()).toEqual(sorted(found))
  })

  it('says which spans can fail', () => {
    const failed = made.spans.filter(({ status }) => status.code === SpanStatusCode.ERROR).map(operationOf)
    const documented = readTable('spans').filter((row) => /^(?:always )?red/.test(row['a failure'] ?? ''))
    expect(documented.map(({ span }) => theCodeIn(span).replace(/ [A-Z]+$/, '')).toSorted()).toEqual(sorted(failed))
  })

  it('has every attribute with its type and the spans that have it, and no other', () => {
    const found = made.spans.flatMap((span) =>
      Object.entries(span.attributes).map(
        ([name, value]) => `${name} ${Array.isArray(value) ? 'string[]' : typeof value} ${operationOf(span)}`,
      ),
    )
    const documented = readTable('attributes').flatMap((row) =>
      codeIn(row['on']).map((operation) => `${theCodeIn(row['attribute'])} ${row['type']} ${operation}`),
    )
    expect(documented.toSorted()).toEqual(sorted(found))
  })

  it('has every kind of link and the spans that have it, and no other', () => {
    const found = made.spans.flatMap((span) =>
      span.links.map(({ attributes }) => `${Object.entries(attributes ?? {}).join()} ${operationOf(span)}`),
    )
    const documented = readTable('links').flatMap((row) =>
      codeIn(row['from']).map((operation) => `svc.link.type,${theCodeIn(row['link (`svc.link.type`)'])} ${operation}`),
    )
    expect(documented.toSorted()).toEqual(sorted(found))
  })

  it('has every event of a span and its attributes, and no other', () => {
    const events = made.spans.flatMap(({ events }) => events)
    expect(sorted(events.map(({ name }) => name))).toEqual(['exception'])
    const names = sorted(events.flatMap(({ attributes }) => Object.keys(attributes ?? {})))
    const [, sentence = ''] = /^(An exception is an event .*?), at the/m.exec(readDocument()) ?? []
    expect(codeIn(sentence).toSorted()).toEqual(['exception', ...names])
  })

  it('has every log record with its severities and its attributes, and no other', () => {
    const severities: Readonly<Record<number, string>> = { 9: 'INFO', 13: 'WARN', 17: 'ERROR' }
    const found = made.logs.flatMap(({ eventName, severityNumber = 0, attributes }) => [
      `${eventName} ${severities[severityNumber]}`,
      ...Object.keys(attributes).map((name) => `${eventName} ${name}`),
    ])
    const documented = readTable('records').flatMap((row) => {
      const name = theCodeIn(row['event name'])
      const all = [...(row['severity'] ?? '').split(', '), ...codeIn(row['attributes'])]
      return all.map((it) => `${name} ${it}`)
    })
    expect(documented.toSorted()).toEqual(sorted(found))
  })

  it('has every field of a log line, and no other', () => {
    expect(
      readTable('fields')
        .flatMap(({ field }) => codeIn(field))
        .toSorted(),
    ).toEqual(sorted(made.fields))
  })

  it('names the port of the viewer that `npm run traces` starts', () => {
    const source = readFileSync(inRepository('apps/house/traces.mjs'), 'utf8')
    const [, port] = /^const PORT = '(\d+)'$/m.exec(source) ?? []
    expect(readDocument()).toContain(`Open the address that it prints, \`http://127.0.0.1:${port}\``)
  })
})
