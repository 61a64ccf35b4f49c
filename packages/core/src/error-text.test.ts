import { describe, expect, it } from 'vitest'
import {
  conditionsFirst,
  cut,
  errorChain,
  errorKind,
  errorParts,
  errorSummary,
  errorText,
  tellError,
  untoldParts,
} from './error-text.ts'
import { joinErrors } from './join-errors.ts'

function unreadable(): Error {
  const error = new Error('hidden')
  for (const key of ['name', 'message', 'stack', 'cause', 'errors', 'code', 'constructor']) {
    Object.defineProperty(error, key, {
      get: () => {
        throw new Error(`no ${key} for you`)
      },
    })
  }
  return error
}

describe('cut()', () => {
  it('leaves a text alone that is short enough', () => {
    expect(cut('abc', 3)).toBe('abc')
  })

  it('ends a longer one with an ellipsis, within the limit', () => {
    expect(cut('abcd', 3)).toBe('ab…')
  })

  it('never cuts a character in two', () => {
    expect(cut('a🚀🚀', 4)).toBe('a🚀…')
    expect(cut('a🚀🚀', 3)).toBe('a…')
  })

  it('keeps quotes, newlines and control characters', () => {
    expect(cut('"\n\u0000\\ and more', 6)).toBe('"\n\u0000\\ …')
  })
})

describe('errorText()', () => {
  it('has the class, the message, and the stacks of the causes too', () => {
    const text = errorText(new TypeError('outer', { cause: new RangeError('inner') }))
    expect([text.type, text.message]).toEqual(['TypeError', 'outer'])
    expect(text.stack).toMatch(/^TypeError: outer\n[^]*\nCaused by: RangeError: inner\n/)
  })

  it('describes what is no error, and what cannot be read', () => {
    expect(errorText('boom')).toEqual({ type: 'string', message: 'boom', stack: '' })
    expect(errorText(unreadable())).toEqual({
      type: 'Error',
      message: 'An error whose properties cannot be read',
      stack: '',
    })
    expect([errorSummary(unreadable()), errorKind(unreadable())]).toEqual([
      'An error whose properties cannot be read',
      'Error',
    ])
  })

  it('is bounded, whatever comes', () => {
    const text = errorText(new Error('x'.repeat(1_000_000)))
    expect([text.message.length, text.stack.length]).toEqual([2048, 8192])
  })
})

describe('errorSummary()', () => {
  it('says a short message that is a part of a word of another one', () => {
    const summary = (message: string, below: string): string => errorSummary(new Error(message, { cause: below }))
    expect(summary('cannot start', 'no')).toBe('cannot start: no')
    expect(summary('cannot reach ::1:80', '::1:8')).toBe('cannot reach ::1:80: ::1:8')
    expect(summary('cannot start: no', 'no')).toBe('cannot start: no')
  })

  it('goes on after a key whose own message is empty', () => {
    const joined = new AggregateError([new Error('first'), new Error('second')])
    expect(errorSummary(new Error('disk: ', { cause: joined }))).toBe('disk: first; second')
  })

  it('leaves out what has no message', () => {
    expect(errorSummary(Object.assign(new Error('invalid'), { errors: [{ path: '/a' }] }))).toBe('invalid')
  })

  it('joins the messages of the causes, each once', () => {
    const root = new Error('refused')
    expect(errorSummary(new Error('outer', { cause: new Error('middle: refused', { cause: root }) }))).toBe(
      'outer: middle: refused',
    )
  })

  it('names what a cause joins, as where no address of a host can be reached', () => {
    const refused = ['::1', '127.0.0.1'].map((host) => new Error(`connect ECONNREFUSED ${host}`))
    const error = new TypeError('fetch failed', { cause: new AggregateError(refused) })
    expect(errorSummary(error)).toBe('fetch failed: connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1')
    expect(errorSummary(new AggregateError(refused))).toBe('connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1')
    expect(errorText(error).stack).toContain('\nCaused by: Error: connect ECONNREFUSED 127.0.0.1\n')
    expect(errorSummary(new AggregateError(refused, 'no address')).length).toBeLessThan(100)
  })

  it('names the first few of many joined errors', () => {
    const errors = Array.from({ length: 1000 }, (_, i) => new Error(`no ${i}.`))
    expect(errorSummary(new Error('all', { cause: new AggregateError(errors, 'none') }))).toBe(
      'all: none: no 0.; no 1.; no 2.; no 3.; no 4.; no 5.; no 6.; no 7.',
    )
  })

  it('ends on a cycle', () => {
    const error = new Error('a')
    error.cause = new Error('b', { cause: error })
    expect(errorSummary(error)).toBe('a: b')
  })
})

describe('errorChain()', () => {
  it('leaves out what is joined, for those who list that themselves', () => {
    const error = new Error('all', { cause: new AggregateError([new Error('first'), new Error('second')], 'none') })
    expect([errorChain(error), errorSummary(error)]).toEqual(['all: none', 'all: none: first; second'])
  })
})

describe('conditionsFirst()', () => {
  it('puts the errors of conditions before the others, and leaves the rest as it was', () => {
    const parts = ['late', 'disk: full', 'later', 'net: down'].map((message) => new Error(message))
    const error = joinErrors(parts) as Error
    expect(conditionsFirst(error, ['net', 'disk']).message).toBe('disk: full\nnet: down\nlate\nlater')
    expect([conditionsFirst(error, []), conditionsFirst(error, ['other'])]).toEqual([error, error])
    const [one] = parts as [Error]
    expect(conditionsFirst(one, ['disk'])).toBe(one)
    const odd = Object.assign(new Error('x'), { errors: [unreadable(), 1] })
    expect(conditionsFirst(odd, ['disk'])).toBe(odd)
  })
})

describe('errorKind()', () => {
  it('is a code, else a class', () => {
    class Refused extends Error {}
    const kinds = [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), new Refused(), 'x', { code: 'no code!' }]
    expect(kinds.map(errorKind)).toEqual(['ECONNREFUSED', 'Refused', 'string', 'Object'])
  })
})

describe('untoldParts()', () => {
  it('gives each part of a joined error but those told of below', () => {
    const [a, b] = [new Error('a'), new Error('b')]
    const told = new Set<unknown>()
    tellError(told, a)
    const joined = joinErrors([a, b])
    expect(untoldParts(joined, told, 10)).toEqual([b])
    expect(untoldParts(new Error('wraps', { cause: a }), told, 10)).toEqual([])
    expect(untoldParts(joined, undefined, 1)).toEqual([a])
  })

  it('takes findings under "errors" for no parts, and survives what cannot be read', () => {
    const invalid = Object.assign(new Error('invalid'), { errors: [{ path: 'x' }] })
    const closed = unreadable()
    expect([errorParts(invalid), errorParts(closed)]).toEqual([[invalid], [closed]])
    expect(untoldParts(closed, new Set(), 10)).toEqual([closed])
  })

  it('looks at a bounded part of a huge one', () => {
    const errors = Array.from({ length: 100_000 }, (_, i) => new Error(`${i}`))
    const told = new Set<unknown>()
    tellError(told, new AggregateError(errors))
    expect(told.size).toBe(1001)
    expect(untoldParts(new AggregateError(errors), told, 10)).toHaveLength(0)
  })
})
