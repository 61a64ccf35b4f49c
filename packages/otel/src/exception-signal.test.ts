import { describe, expect, it } from 'vitest'
import { exceptionSignal } from './exception-signal.ts'

describe('exceptionSignal()', () => {
  it('reads what OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN may hold', () => {
    const values = [undefined, '', 'logs', 'logs/dup', ' logs , http', 'logs,logs/dup', 'LOGS', 'traces']
    expect(values.map((value) => exceptionSignal(value))).toEqual([
      'span',
      'span',
      'log',
      'both',
      'log',
      'both',
      'span',
      'span',
    ])
  })

  it('refuses what is no value of a variable', () => {
    for (const [value, shown] of [
      [null, 'null'],
      [1, '1'],
      [['logs'], 'an array'],
    ] as const) {
      expect(() => exceptionSignal(value as never)).toThrow(
        new TypeError(`Cannot use the exception signal: expected a string or undefined, got ${shown}`),
      )
    }
  })
})
