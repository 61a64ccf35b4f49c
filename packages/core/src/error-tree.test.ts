import { describe, expect, it } from 'vitest'
import { errorTree, isCancellation } from './error-tree.ts'
import { joinErrors } from './join-errors.ts'

function messages(error: unknown): readonly unknown[] {
  return [...errorTree(error)].map((part) => (part instanceof Error ? part.message : part))
}

describe('errorTree()', () => {
  it('walks the error, its cause, then its errors, depth first', () => {
    const left = new Error('left', { cause: new Error('under left') })
    const tree = new AggregateError([left, 'right'], 'top', { cause: new Error('cause', { cause: 42 }) })
    expect(messages(tree)).toEqual(['top', 'cause', 42, 'left', 'under left', 'right'])
  })

  it('has nothing for no error, and a value for itself', () => {
    expect([messages(null), messages(undefined), messages('x'), messages(0)]).toEqual([[], [], ['x'], [0]])
  })

  it('ends on a cycle, and gives each part once', () => {
    const a = new Error('a')
    const b = new AggregateError([a, a], 'b', { cause: a })
    a.cause = b
    expect([messages(a), messages(b)]).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ])
  })

  it('walks a chain of any length', () => {
    let error = new Error('0')
    for (let i = 1; i < 20_000; i++) error = new Error(`${i}`, { cause: error })
    expect(messages(error).at(-1)).toBe('0')
  })

  it('ends at a list that says it is endless', () => {
    const errors = new Proxy([new Error('a')], {
      get: (target, key) => (key === 'length' ? Number.MAX_SAFE_INTEGER : Reflect.get(target, '0')) as unknown,
    })
    const tree = [...errorTree(Object.assign(new Error('b'), { errors }))] as Error[]
    expect(tree.map(({ message }) => message)).toEqual(['b', 'a'])
  })

  it('takes what cannot be read for a leaf', () => {
    const hostile = Object.defineProperty(new Error('hostile'), 'cause', {
      get: () => {
        throw new Error('No')
      },
    })
    expect(messages(new AggregateError([hostile, new Error('next')], 'top'))).toEqual(['top', 'hostile', 'next'])
  })
})

describe('isCancellation()', () => {
  const reason = new Error('stop')
  const aborted = AbortSignal.abort(reason)

  it('finds the reason anywhere in the tree of the error', () => {
    const wrapped = joinErrors([new Error('other'), new Error('wrapped', { cause: reason })])
    expect([reason, new Error('w', { cause: reason }), wrapped].map((error) => isCancellation(error, aborted))).toEqual(
      [true, true, true],
    )
  })

  it('finds a reason that is no error, also after it was made one', () => {
    const signal = AbortSignal.abort('stop')
    expect([isCancellation('stop', signal), isCancellation(new Error('x', { cause: 'stop' }), signal)]).toEqual([
      true,
      true,
    ])
    expect(isCancellation(null, AbortSignal.abort(null))).toBe(true)
  })

  it('never goes by the name: the AbortError of another signal is a failure', () => {
    const other = new DOMException('This operation was aborted', 'AbortError')
    expect(isCancellation(other, aborted)).toBe(false)
  })

  it('is never one before the signal has aborted', () => {
    const { signal } = new AbortController()
    expect([isCancellation(undefined, signal), isCancellation(reason, signal)]).toEqual([false, false])
  })
})
