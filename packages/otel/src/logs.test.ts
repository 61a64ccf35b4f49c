import { context, logs } from '@opentelemetry/api'
import { createScope, emit, type RootScope, ServiceError } from '@svc/core'
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs'
import { createService } from '@svc/engine'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hostileErrors } from './fixtures/hostile-errors.ts'
import { line } from './fixtures/line-3.ts'
import { child, createWorld, perform, poll, sourceOf } from './fixtures/world.ts'
import { otel } from './otel.ts'

describe('log records', () => {
  let exporter: InMemoryLogRecordExporter
  beforeEach(() => {
    exporter = new InMemoryLogRecordExporter()
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] }))
  })
  afterEach(() => {
    logs.disable()
    context.disable()
  })

  const records = (): readonly ReadableLogRecord[] => exporter.getFinishedLogRecords()

  for (const [exceptions, onSpan, inLog] of [
    ['span', 1, 0],
    ['log', 0, 1],
    ['both', 1, 1],
  ] as const) {
    it(`have exceptions with exceptions: '${exceptions}' ${inLog} time(s), and their span ${onSpan}`, async () => {
      const world = createWorld(line, { exceptions })
      await perform(child('App', world.scope), 'start', () => Promise.reject(new TypeError('broken')))
      const [span] = await world.spans()
      expect(span?.events.map((event) => event.name)).toEqual(Array.from({ length: onSpan }, () => 'exception'))
      expect(
        records().map((it) => [
          it.eventName,
          it.severityNumber,
          it.attributes['exception.type'],
          it.attributes['exception.message'],
          it.hrTime,
          it.spanContext?.spanId,
        ]),
      ).toEqual(
        Array.from({ length: inLog }, () => [
          'exception',
          17,
          'TypeError',
          'broken',
          span?.endTime,
          span?.spanContext().spanId,
        ]),
      )
    })
  }

  for (const [what, makeError] of Object.entries(hostileErrors)) {
    it(`are bounded for ${what}`, async () => {
      const world = createWorld(line, { exceptions: 'log', logEvents: true, tasks: 'errors' })
      const app = child('App', world.scope)
      const error = makeError()
      for (const kind of ['start', 'task', 'close'] as const) await perform(app, kind, () => Promise.reject(error))
      poll(world.scope, sourceOf({ App: error }), [{ name: 'App', previous: null, current: error }])
      const values = records().flatMap(({ attributes }) => Object.values(attributes))
      expect(world.failures).toEqual([])
      expect(records().map((it) => it.eventName)).toContain('svc.health.change')
      expect(records().length).toBeLessThanOrEqual(41)
      expect(Math.max(...values.map((value) => String(value).length))).toBeLessThanOrEqual(8192)
      expect((await world.spans()).flatMap((span) => span.events)).toEqual([])
    })
  }

  it('of 10,000 changes in one poll are 500, what is unhealthy first', () => {
    const world = createWorld(line, { logEvents: true })
    const red = new Error('down')
    const changes = Array.from({ length: 10_000 }, (_, i) => ({
      name: `Job${i}`,
      previous: i < 9_999 ? red : null,
      current: i < 9_999 ? null : red,
    }))
    poll(world.scope, sourceOf({}), changes)
    expect([records().length, records()[0]?.attributes['svc.id']]).toEqual([500, 'Job9999'])
  })

  it('leave exceptions to the span where nobody takes them', async () => {
    logs.disable()
    const world = createWorld(line, { exceptions: 'log' })
    await perform(child('App', world.scope), 'start', () => Promise.reject(new Error('broken')))
    expect((await world.spans())[0]?.events.length).toBe(1)
  })

  it('tell changes of state and of health where asked to, also without any span', async () => {
    const scope: RootScope = createScope({ exporters: [otel({ logEvents: true })] })
    const service = createService({ name: 'App', parent: scope })
    await service.start()
    poll(scope, sourceOf({}), [{ name: 'App', previous: null, current: new Error('broken') }])
    poll(scope, sourceOf({}), [{ name: 'App', previous: new Error('broken'), current: null }])
    poll(scope, sourceOf({}), [{ name: 'New', previous: undefined, current: null }])
    await service.close()
    emit(scope, {
      type: 'state',
      scope: child('Other', scope),
      previous: 'Starting',
      state: 'StartFailed',
      at: 1_700_000_000_000.5,
    })
    expect(records().map((it) => [it.eventName, it.severityNumber, it.attributes])).toEqual([
      [
        'svc.state.change',
        9,
        { 'svc.name': 'App', 'svc.id': 'App', 'svc.state': 'Starting', 'svc.previous_state': 'Unstarted' },
      ],
      [
        'svc.state.change',
        9,
        { 'svc.name': 'App', 'svc.id': 'App', 'svc.state': 'Started', 'svc.previous_state': 'Starting' },
      ],
      [
        'svc.health.change',
        13,
        {
          'svc.id': 'App',
          'svc.health.status': 'unhealthy',
          'svc.health.previous_status': 'healthy',
          'exception.message': 'broken',
        },
      ],
      [
        'svc.health.change',
        9,
        { 'svc.id': 'App', 'svc.health.status': 'healthy', 'svc.health.previous_status': 'unhealthy' },
      ],
      [
        'svc.state.change',
        9,
        { 'svc.name': 'App', 'svc.id': 'App', 'svc.state': 'Stopping', 'svc.previous_state': 'Started' },
      ],
      [
        'svc.state.change',
        9,
        { 'svc.name': 'App', 'svc.id': 'App', 'svc.state': 'Stopped', 'svc.previous_state': 'Stopping' },
      ],
      [
        'svc.state.change',
        17,
        { 'svc.name': 'Other', 'svc.id': 'Other', 'svc.state': 'StartFailed', 'svc.previous_state': 'Starting' },
      ],
    ])
    expect(records().at(-1)?.hrTime).toEqual([1_700_000_000, 500_000])
  })

  it('tell none of it by default', async () => {
    const world = createWorld(line)
    const service = createService({ name: 'App', parent: world.scope })
    await service.start()
    const failed = new ServiceError('failed', { code: 'NOT_STARTED', service: 'App', state: 'StartFailed' })
    poll(world.scope, sourceOf({}), [{ name: 'App', previous: null, current: failed }])
    expect(records()).toEqual([])
  })
})
