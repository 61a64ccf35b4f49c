import type { Exporter } from '@svc/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { line } from './fixtures/line-3.ts'
import { exceptionSignal, otel, type OtelOptions } from './index.ts'

const tracerProvider = line.createSdk().provider

describe('otel()', () => {
  it('gives back an exporter', () => {
    expectTypeOf(otel()).toEqualTypeOf<Exporter>()
    expectTypeOf(otel).parameter(0).toEqualTypeOf<OtelOptions | undefined>()
    expectTypeOf(exceptionSignal).returns.toEqualTypeOf<'span' | 'log' | 'both'>()
    expect(Object.keys(otel({ tracerProvider }))).toEqual(['observe', 'activate', 'flush'])
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
    [{ flush: 1000 }, 'Cannot use option "flush": expected a function, got 1000'],
  ])('refuses %o', (options, message) => {
    expect(() => otel(options as never)).toThrow(new TypeError(message))
  })
})
