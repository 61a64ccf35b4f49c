import { describe, expect, it } from 'vitest'
import { readSettings } from './settings.ts'
import type { TelemetrySettings } from './telemetry-settings.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }

const read = (environment: Record<string, string>): TelemetrySettings =>
  readSettings(environment, { demo: false }).telemetry

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    read(environment)
  } catch (error) {
    return (error as { problems: readonly string[] }).problems
  }
  return []
}

describe('telemetrySettings()', () => {
  it('exports spans once it is said where to, unless they are put off', () => {
    const cases: [Record<string, string>, boolean][] = [
      [{}, false],
      [ENDPOINT, true],
      [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://localhost:4318/v1/traces' }, true],
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_EXPORTER_OTLP_PROTOCOL: '' }, false],
      [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, false],
      [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, true],
      [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, false],
      [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp' }, true],
    ]
    expect(cases.map(([environment]) => read(environment).exportSpans)).toEqual(cases.map(([, expected]) => expected))
  })

  it('takes what the variables of OpenTelemetry say, in capitals or not, and an empty one for one that is not set', () => {
    const environment = {
      OTEL_TRACES_SAMPLER: 'ParentBased_TraceIdRatio',
      OTEL_TRACES_SAMPLER_ARG: '.25',
      OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN: 'logs/dup',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '0',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
      TRACE_TICKS: 'all',
      TRACE_TASKS: 'OFF',
    }
    const expected = {
      sampler: 'parentbased_traceidratio',
      samplerRatio: 0.25,
      exceptions: 'both',
      exportTimeoutMs: 500,
      scheduleDelayMs: 0,
      maxQueueSize: 10,
      maxBatchSize: 5,
      ticks: 'all',
      tasks: 'off',
    }
    expect(read(environment)).toMatchObject(expected)
    const own = { OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '700' }
    expect(read({ ...environment, ...own }).exportTimeoutMs).toBe(700)
    const names = Object.keys(environment).filter((name) => name.startsWith('OTEL_'))
    expect(read(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(read({}))
  })

  it.each([
    ['OTEL_SDK_DISABLED', ['yes', '1'], 'true or false'],
    ['OTEL_TRACES_EXPORTER', ['zipkin', 'otlp,console'], 'otlp or none'],
    [
      'OTEL_TRACES_SAMPLER',
      ['jaeger_remote', 'on'],
      'always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio',
    ],
    ['OTEL_TRACES_SAMPLER_ARG', ['-0.1', '1.1', 'half', '0x1', 'NaN'], 'a number from 0 to 1'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', ['0', '10s'], 'a whole number from 1 to 86400000'],
    ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', ['-1'], 'a whole number from 1 to 86400000'],
    ['OTEL_BSP_SCHEDULE_DELAY', ['soon'], 'a whole number from 0 to 86400000'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', ['0'], 'a whole number from 1 to 1000000'],
    ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', ['1.5'], 'a whole number from 1 to 1000000'],
    ['TRACE_TICKS', ['some', ''], 'off, errors, all'],
    ['TRACE_TASKS', ['true'], 'off, errors, all'],
  ])('says what is wrong with %s, and what would be right', (name, values, right) => {
    for (const value of values) {
      expect(problemsOf({ [name]: value })).toEqual([`${name} (${JSON.stringify(value)}): expected ${right}`])
    }
  })

  it('refuses a batch that does not fit into the queue', () => {
    const name = 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'
    expect(problemsOf({ OTEL_BSP_MAX_QUEUE_SIZE: '4', [name]: '5' })).toEqual([
      `${name} ("5"): expected at most OTEL_BSP_MAX_QUEUE_SIZE, 4`,
    ])
    // The batch that nobody set follows the queue
    expect(read({ OTEL_BSP_MAX_QUEUE_SIZE: '4' })).toMatchObject({ maxQueueSize: 4, maxBatchSize: 4 })
  })

  it('knows the trace that the program was started in, and ignores what is none', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect([
      read({ TRACEPARENT: traceparent }).traceparent,
      read({ TRACEPARENT: '00-xyz-01' }).traceparent,
      read({ TRACEPARENT: '' }).traceparent,
    ]).toEqual([traceparent, undefined, undefined])
  })
})
