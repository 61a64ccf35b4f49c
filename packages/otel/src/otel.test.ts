import { metrics } from '@opentelemetry/api'
import type { Exporter, SpanSource } from '@svc/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { line } from './fixtures/line-3.ts'
import { exceptionSignal, otel, type OtelExporter, type OtelOptions } from './index.ts'

const tracerProvider = line.createSdk().provider

describe('otel()', () => {
  it('gives back an exporter', () => {
    expectTypeOf(otel()).toEqualTypeOf<OtelExporter>()
    expectTypeOf<OtelExporter>().toExtend<Exporter & SpanSource>()
    expectTypeOf(otel).parameter(0).toEqualTypeOf<OtelOptions | undefined>()
    expectTypeOf(exceptionSignal).returns.toEqualTypeOf<'span' | 'log' | 'both'>()
    expect(Object.keys(otel({ tracerProvider }))).toEqual(['observe', 'activate', 'flush', 'spanOf'])
  })

  it('takes undefined for every option', () => {
    const none: OtelOptions = {
      tracerProvider: undefined,
      ticks: undefined,
      tasks: undefined,
      traceMode: undefined,
      exceptions: undefined,
      spanName: undefined,
      logEvents: undefined,
      meter: undefined,
      maxServices: undefined,
      flush: undefined,
    }
    expect(() => otel(none)).not.toThrow()
  })

  it('refuses options that are none', () => {
    for (const options of [null, 1, 'options', (): void => {}]) {
      expect(() => otel(options as never)).toThrow(/^Cannot use the options: expected an object, got /)
    }
  })

  it.each([
    [{ tracerProvider: null }, 'Cannot use option "tracerProvider": expected an object, got null'],
    [
      { tracerProvider: {} },
      'Cannot use the method "getTracer" of option "tracerProvider": expected a function, got undefined',
    ],
    [{ ticks: 'some' }, 'Cannot use option "ticks": expected one of "off", "errors", "all", got "some"'],
    [{ ticks: true }, 'Cannot use option "ticks": expected one of "off", "errors", "all", got true'],
    [{ tasks: null }, 'Cannot use option "tasks": expected one of "off", "errors", "all", got null'],
    [{ traceMode: '' }, 'Cannot use option "traceMode": expected one of "linked", "single", got ""'],
    [{ exceptions: 'logs' }, 'Cannot use option "exceptions": expected one of "span", "log", "both", got "logs"'],
    [{ spanName: 'start' }, 'Cannot use option "spanName": expected a function, got "start"'],
    [{ logEvents: 1 }, 'Cannot use option "logEvents": expected a boolean, got 1'],
    [{ meter: null }, 'Cannot use option "meter": expected an object, got null'],
    [{ meter: {} }, 'Cannot use the method "createHistogram" of option "meter": expected a function, got undefined'],
    [{ maxServices: '5' }, 'Cannot use option "maxServices": expected a number, got "5"'],
    [{ flush: 1000 }, 'Cannot use option "flush": expected a function, got 1000'],
  ])('refuses %o', (options, message) => {
    expect(() => otel(options as never)).toThrow(new TypeError(message))
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity])('refuses %d for maxServices', (maxServices) => {
    expect(() => otel({ maxServices })).toThrow(
      new RangeError(`Cannot use option "maxServices": expected a whole number of 1 or more, got ${maxServices}`),
    )
  })

  it('makes metrics on a meter that goes nowhere without a complaint', () => {
    const exporter = otel({ meter: metrics.getMeter('nobody') })
    expect(() => {
      exporter[Symbol.dispose]()
    }).not.toThrow()
  })
})
