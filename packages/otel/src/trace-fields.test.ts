import { context, trace } from '@opentelemetry/api'
import { createScope, type Logger, type Scope } from '@svc/core'
import { createService, createServiceEngine, type EngineService } from '@svc/engine'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Recorded } from './fixtures/line.ts'
import { line } from './fixtures/line-3.ts'
import { resetApi, useContextManager } from './fixtures/world.ts'
import { otel, type OtelOptions, traceFields, withTraceFields } from './index.ts'

type Line = Readonly<Record<string, unknown>> & { readonly msg: string }

/** Loggers that keep their lines as fields, the message as `msg`. */
const loggers: Readonly<Record<string, (lines: Line[]) => Logger>> = {
  pino: (lines) => pino({ mixin: traceFields }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) }),
  console: (lines) => {
    const write = (fields: object, msg: string): void => void lines.push({ ...fields, msg })
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      vi.spyOn(console, level).mockImplementation(write as never)
    return withTraceFields(console)
  },
}

function createTraced(logger: Logger, options: OtelOptions = {}) {
  const { provider, spans } = line.createSdk()
  const scope = createScope({ logger, exporters: [otel({ tracerProvider: provider, ...options })] })
  const named = async (name: string): Promise<Recorded> => {
    await provider.forceFlush()
    return spans().find((span) => span.name === name) as Recorded
  }
  return { scope, named }
}

function idsOf(span: Recorded): object {
  const { traceId, spanId } = span.spanContext()
  return { trace_id: traceId, span_id: spanId, trace_flags: '01' }
}

function idsIn({ trace_id, span_id, trace_flags }: Line): object {
  return { trace_id, span_id, trace_flags }
}

/** Services that take a moment for all that they do, so that nothing is logged in the turn in which it was begun. */
function createApp(parent: Scope, port: () => Promise<void>): EngineService {
  const moment = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  return createService({
    name: 'App',
    parent,
    close: moment,
    subServices: (app) => [
      createService({ name: 'Store', parent: app, start: moment, close: moment }),
      createService({
        name: 'Api',
        parent: app,
        start: async () => {
          await moment()
          await port()
        },
      }),
    ],
  })
}

describe.each(Object.entries(loggers))('the lines of a life cycle, with %s', (_, createLogger) => {
  let lines: Line[]
  beforeEach(() => {
    lines = []
    useContextManager()
  })
  afterEach(() => {
    vi.restoreAllMocks()
    resetApi()
  })

  const linesOf = (service: string): Line[] => lines.filter((it) => it['service'] === service)

  it('of a start and a close carry the ids of their span, and all have service and state', async () => {
    const { scope, named } = createTraced(createLogger(lines))
    const app = createApp(scope, async () => {})
    await app.start()
    await app.close()
    for (const [service, name] of [
      ['App', 'App'],
      ['App.Store', 'Store'],
      ['App.Api', 'Api'],
    ] as const) {
      const [start, close] = [idsOf(await named(`start ${name}`)), idsOf(await named(`close ${name}`))]
      const own = linesOf(service)
      expect(own.length).toBeGreaterThanOrEqual(4)
      for (const it of own) {
        const isStart = it['state'] === 'Starting' || it['state'] === 'Started'
        expect([it.msg, idsIn(it)]).toEqual([it.msg, isStart ? start : close])
      }
    }
    expect(lines.filter((it) => typeof it['service'] !== 'string' || typeof it['state'] !== 'string')).toEqual([])
    expect(lines.map((it) => it.msg)).toEqual(expect.arrayContaining(['Starting', 'Started', 'Closing', 'Closed']))
  })

  it('of a start that fails carry the ids of the spans that were exported, those of the unwinding too', async () => {
    const { scope, named } = createTraced(createLogger(lines))
    const app = createApp(scope, () => Promise.reject(new Error('port 80 is taken')))
    await expect(app.start()).rejects.toThrow(Error)
    const failed = linesOf('App').find((it) => it.msg === 'Failed to start sub-service')
    expect([failed?.['state'], failed?.['subService'], failed && idsIn(failed)]).toEqual([
      'Starting',
      'App.Api',
      idsOf(await named('start App')),
    ])
    expect(linesOf('App.Api').map(idsIn)).toEqual([idsOf(await named('start Api'))])
    expect(linesOf('App.Store').map((it) => [it['state'], idsIn(it)])).toEqual([
      ['Starting', idsOf(await named('start Store'))],
      ['Started', idsOf(await named('start Store'))],
      ['Stopping', idsOf(await named('close Store'))],
      ['Stopped', idsOf(await named('close Store'))],
    ])
  })

  it('of what a program logs itself carry them as well', async () => {
    const logger = createLogger(lines)
    const { scope, named } = createTraced(logger)
    const service = createService({
      name: 'App',
      parent: scope,
      start: async (engine) => {
        await Promise.resolve()
        engine.logger.info({ own: true }, 'Connected')
        logger.info({}, 'From elsewhere')
      },
    })
    logger.info({}, 'Before')
    await service.start()
    logger.info({}, 'After')
    const ids = idsOf(await named('start App'))
    const seen = Object.fromEntries(lines.map((it) => [it.msg, idsIn(it)]))
    const none = { trace_id: undefined, span_id: undefined, trace_flags: undefined }
    expect(seen).toEqual({
      Before: none,
      Starting: ids,
      Connected: ids,
      'From elsewhere': ids,
      Started: ids,
      After: none,
    })
    await service.close()
  })

  it('of a task that fails carry those of the task, and never those of the start that it was begun in', async () => {
    for (const tasks of ['off', 'errors', 'all'] as const) {
      lines = []
      const { scope, named } = createTraced(createLogger(lines), { tasks, ticks: tasks })
      const { service } = createServiceEngine({
        name: 'App',
        parent: scope,
        start: (engine) => {
          engine.go(() => Promise.reject(new Error('broken')), { label: 'work' })
        },
      })
      await service.start()
      await service.close()
      const failed = lines.find((it) => it.msg === 'Task failed')
      expect([failed?.['service'], typeof failed?.['state'], failed?.['task']]).toEqual(['App', 'string', 'work'])
      const expected = tasks === 'all' ? idsOf(await named('task work')) : { trace_id: undefined, span_id: undefined }
      expect(failed).toMatchObject(tasks === 'all' ? expected : {})
      expect(failed?.['trace_id'] === undefined).toBe(tasks !== 'all')
    }
  })

  it('have no ids, and fail nothing, without a context manager or without an SDK', async () => {
    resetApi()
    const { scope } = createTraced(createLogger(lines))
    const app = createApp(scope, async () => {})
    await app.start()
    await app.close()
    useContextManager()
    const silent = createApp(createScope({ logger: createLogger(lines), exporters: [otel()] }), async () => {})
    await silent.start()
    await silent.close()
    expect(lines.length).toBeGreaterThan(20)
    expect(lines.filter((it) => 'trace_id' in it || 'span_id' in it || 'trace_flags' in it)).toEqual([])
  })
})

describe('traceFields()', () => {
  beforeEach(useContextManager)
  afterEach(resetApi)

  const inside = (traceFlags: number): object => {
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags, isRemote: true }
    return context.with(trace.setSpanContext(context.active(), span), traceFields)
  }

  it('gives the active span under the names of OpenTelemetry', () => {
    const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' }
    expect(inside(1)).toEqual({ ...ids, trace_flags: '01' })
    expect(inside(0)).toEqual({ ...ids, trace_flags: '00' })
  })

  it('gives nothing once the span has ended, as in a timer that a start has set', () => {
    const { provider } = line.createSdk()
    const tracer = provider.getTracer('test')
    const span = tracer.startSpan('start App')
    const within = <T>(fn: () => T): T => context.with(trace.setSpan(context.active(), span), fn)
    expect(within(traceFields)).toEqual(idsOf(span as unknown as Recorded))
    span.end()
    expect(within(traceFields)).toEqual({})
  })

  it('gives an object of its own each time, since pino writes into it', () => {
    expect(traceFields()).toEqual({})
    expect(traceFields()).not.toBe(traceFields())
    expect(Object.isFrozen(traceFields())).toBe(false)
  })

  it('gives nothing for a span that is none', () => {
    const span = trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 1 })
    expect(context.with(trace.setSpan(context.active(), span), traceFields)).toEqual({})
  })
})

describe('withTraceFields()', () => {
  afterEach(resetApi)

  it('calls the methods on the logger that it was given, and lets fields of the line win', () => {
    useContextManager()
    class Classy implements Logger {
      readonly lines: unknown[] = []
      debug(fields: object, message: string): void {
        this.lines.push(['debug', fields, message])
      }
      info(fields: object, message: string): void {
        this.lines.push(['info', fields, message])
      }
      warn(fields: object, message: string): void {
        this.lines.push(['warn', fields, message])
      }
      error(fields: object, message: string): void {
        this.lines.push(['error', fields, message])
      }
      flush(): number {
        return this.lines.length
      }
    }
    const classy = new Classy()
    const logger = withTraceFields(classy)
    const span = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
    }
    context.with(trace.setSpanContext(context.active(), span), () => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({ trace_id: 'mine' }, level)
    })
    expect(classy.lines).toEqual(
      ['debug', 'info', 'warn', 'error'].map((level) => [
        level,
        { trace_id: 'mine', span_id: 'b7ad6b7169203331', trace_flags: '01' },
        level,
      ]),
    )
    expect((logger as unknown as Classy).flush()).toBe(4)
    expect('flush' in withTraceFields(console)).toBe(false)
  })

  it.each([
    [undefined, 'Cannot use the logger: expected an object, got undefined'],
    [{}, 'Cannot use the method "debug" of the logger: expected a function, got undefined'],
    [{ ...console, warn: 1 }, 'Cannot use the method "warn" of the logger: expected a function, got 1'],
  ])('refuses %o', (logger, message) => {
    expect(() => withTraceFields(logger as never)).toThrow(new TypeError(message))
  })
})
