import { type Arbitrary, array, assert, constant, nat, oneof, property, record, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createErrorBuffer, type ErrorBuffer } from './error-buffer.ts'

/** What is held, by message, oldest first; the buffer is empty after it. */
function messages(buffer: ErrorBuffer): readonly string[] {
  const { error } = buffer.flush()
  if (error === null) return []
  return error instanceof AggregateError ? error.errors.map((part: Error) => part.message) : [error.message]
}

describe('createErrorBuffer()', () => {
  it('gives back what it held, oldest first, and then holds nothing', () => {
    const buffer = createErrorBuffer()
    for (const message of ['a', 'b', 'c']) buffer.append(new Error(message))
    const { error, dropped } = buffer.flush()
    expect([error?.message, dropped, buffer.flush()]).toEqual(['a\nb\nc', 0, { error: null, dropped: 0 }])
  })

  it('gives back a single error itself', () => {
    const buffer = createErrorBuffer()
    const only = new Error('only')
    buffer.append(only)
    expect(buffer.flush().error).toBe(only)
  })

  it('keeps everything without a cap', () => {
    const buffer = createErrorBuffer()
    for (let i = 0; i < 1000; i++) buffer.append(new Error(`${i}`))
    const { error, dropped } = buffer.flush()
    expect([(error as AggregateError).errors.length, dropped]).toEqual([1000, 0])
  })

  it('keeps the newest, drops the oldest, and says how many since the last flush', () => {
    const buffer = createErrorBuffer({ cap: 2 })
    for (const message of ['a', 'b', 'c', 'd', 'e']) buffer.append(new Error(message))
    const first = buffer.flush()
    buffer.append(new Error('f'))
    const second = buffer.flush()
    expect([first.error?.message, first.dropped, second.error?.message, second.dropped]).toEqual(['d\ne', 3, 'f', 0])
  })

  it('trims the oldest at once when the cap gets smaller', () => {
    const buffer = createErrorBuffer({ cap: 4 })
    for (const message of ['a', 'b', 'c', 'd', 'e', 'f']) buffer.append(new Error(message))
    buffer.setCap(2)
    buffer.setCap(10)
    buffer.append(new Error('g'))
    const { error, dropped } = buffer.flush()
    expect([error?.message, dropped]).toEqual(['e\nf\ng', 4])
  })

  it('drops what is held at a cap of 0, and keeps everything from then on', () => {
    const buffer = createErrorBuffer({ cap: 1 })
    buffer.append(new Error('a'))
    buffer.setCap(0)
    expect(buffer.flush()).toEqual({ error: null, dropped: 1 })
    for (const message of ['b', 'c']) buffer.append(new Error(message))
    expect(messages(buffer)).toEqual(['b', 'c'])
  })

  it('is not changed by what becomes of errors that it gave back', () => {
    const buffer = createErrorBuffer()
    buffer.append(new Error('a'))
    buffer.append(new Error('b'))
    const { error } = buffer.flush()
    buffer.append(new Error('c'))
    expect([error?.message, messages(buffer)]).toEqual(['a\nb', ['c']])
  })

  it('makes an error of whatever is appended', () => {
    const buffer = createErrorBuffer()
    for (const thing of ['text', 0, false, { code: 1 }]) buffer.append(thing)
    expect(messages(buffer)).toEqual([
      'text',
      'A value that is no error was thrown: 0',
      'A value that is no error was thrown: false',
      'A value that is no error was thrown: {"code":1}',
    ])
  })

  it('agrees with a list that is cut to size, whatever is done to it', () => {
    type Step = { readonly append: string } | { readonly cap: number } | 'flush'
    const append: Arbitrary<Step> = record({ append: string({ maxLength: 3 }) })
    const setCap: Arbitrary<Step> = record({ cap: nat({ max: 6 }) })
    const flush: Arbitrary<Step> = constant('flush')
    const step = oneof(
      { weight: 6, arbitrary: append },
      { weight: 2, arbitrary: setCap },
      { weight: 1, arbitrary: flush },
    )
    assert(
      property(nat({ max: 4 }), array(step, { maxLength: 60 }), (cap, steps) => {
        const buffer = createErrorBuffer({ cap })
        let model: string[] = []
        let limit = cap
        let dropped = 0
        const trim = (): void => {
          const surplus = limit === 0 ? 0 : Math.max(0, model.length - limit)
          model = model.slice(surplus)
          dropped += surplus
        }
        for (const it of [...steps, 'flush' as const]) {
          if (it === 'flush') {
            const expected = { held: model, dropped }
            const { error, dropped: lost } = buffer.flush()
            const parts = error instanceof AggregateError ? (error.errors as Error[]) : error === null ? [] : [error]
            expect({ held: parts.map((part) => part.message), dropped: lost }).toEqual(expected)
            model = []
            dropped = 0
          } else if ('cap' in it) {
            buffer.setCap(it.cap)
            limit = it.cap
            if (limit === 0) {
              dropped += model.length
              model = []
            }
            trim()
          } else {
            buffer.append(new Error(it.append))
            model.push(it.append)
            trim()
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('appends to a full buffer without moving what it holds', () => {
    const buffer = createErrorBuffer({ cap: 100_000 })
    const error = new Error('one for all')
    // Where each append moved the others this would be 5 * 10^10 moves, and not end.
    for (let i = 0; i < 600_000; i++) buffer.append(error)
    expect(buffer.flush().dropped).toBe(500_000)
  })
})
