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
