import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import type { Exporter, Operation, ServiceEvent } from './events.ts'
import { isThenable } from './operation.ts'
import { createScope, emit, type RootScope, runOperation } from './index.ts'

/** A scope with exporters, and what its logger was told. */
function scopeWith(...exporters: readonly Exporter[]): RootScope & { readonly lines: readonly string[] } {
  const lines: string[] = []
  const log = (fields: object, message: string): void => {
    const { err } = fields as { err?: Error }
    lines.push(err === undefined ? message : `${message}: ${err.message}`)
  }
  const scope = createScope({ name: 'App', exporters, logger: { debug: log, info: log, warn: log, error: log } })
  return Object.assign(scope, { lines })
}

function failed(part: string, message: string): string {
  return `An exporter failed in "${part}": this is dropped, and its further failures are not logged: ${message}`
}

/** Long enough for every promise that is settled to be heard of. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Something that has a "then", as a getter when it is to throw. */
function withThen(descriptor: PropertyDescriptor, base: object = {}): PromiseLike<never> {
  // oxlint-disable-next-line unicorn/no-thenable -- that it has one is what is tested
  return Object.defineProperty(base, 'then', descriptor) as PromiseLike<never>
}

async function unhandledDuring(fn: () => unknown): Promise<readonly unknown[]> {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  await fn()
  await idle()
  process.off('unhandledRejection', note)
  return unhandled
}

const fail = (): never => {
  throw new Error('exporter')
}

describe('emit()', () => {
  it('tells every exporter that wants to know, in order', () => {
    const log: string[] = []
    const scope = scopeWith(
      { observe: ({ type }) => void log.push(`first ${type}`) },
      {},
      { observe: ({ type }) => void log.push(`second ${type}`) },
    )
    emit(scope, { type: 'removed', scope })
    expect(log).toEqual(['first removed', 'second removed'])
  })

  it('calls methods on the exporter', () => {
    class Counter implements Exporter {
      count = 0
      observe(): void {
        this.count++
      }
    }
    const counter = new Counter()
    const scope = scopeWith(counter)
    emit(scope, { type: 'removed', scope })
    expect(counter.count).toBe(1)
  })

  it('tells the others when one throws, and logs that once', () => {
    const told: string[] = []
    const scope = scopeWith({ observe: fail }, { observe: ({ type }) => void told.push(type) })
    emit(scope, { type: 'removed', scope })
    emit(scope, { type: 'removed', scope })
    expect([told, scope.lines]).toEqual([['removed', 'removed'], [failed('observe', 'exporter')]])
  })

  it('logs each exporter that throws', () => {
    const scope = scopeWith({ observe: fail }, { observe: fail })
    emit(scope, { type: 'removed', scope })
    expect(scope.lines).toEqual([failed('observe', 'exporter'), failed('observe', 'exporter')])
  })

  it('takes a rejection of an async observe for a failure, and not for the end of the process', async () => {
    const observe: () => unknown = async () => fail()
    const scope = scopeWith({ observe })
    const unhandled = await unhandledDuring(() => {
      emit(scope, { type: 'removed', scope })
    })
    expect([unhandled, scope.lines]).toEqual([[], [failed('observe', 'exporter')]])
  })

  it('outlives a result whose "then" throws', () => {
    const observe: () => unknown = () => withThen({ get: fail })
    const scope = scopeWith({ observe })
    emit(scope, { type: 'removed', scope })
    expect(scope.lines).toEqual([failed('observe', 'exporter')])
  })

  it('outlives an exporter and a logger that both throw', () => {
    const scope = createScope({
      exporters: [{ observe: fail }],
      logger: { debug: fail, info: fail, warn: fail, error: fail },
    })
    expect(() => {
      emit(scope, { type: 'removed', scope })
    }).not.toThrow()
  })
})

describe('runOperation()', () => {
  it('tells the beginning and the end, with times, and gives the value', async () => {
    const events: ServiceEvent[] = []
    const scope = scopeWith({ observe: (event) => void events.push(event) })
    const before = performance.timeOrigin + performance.now()
    const value = await runOperation(scope, 'drain', 'requests', async () => 42)
    const after = performance.timeOrigin + performance.now()
    const [begin, end] = events
    if (begin?.type !== 'begin' || end?.type !== 'end') throw new Error('These are not the events expected')
    const { startedAt, ...rest } = begin.operation
    expect(rest).toEqual({ kind: 'drain', scope, label: 'requests', parent: undefined, origin: undefined })
    expect([value, events.length, end.operation === begin.operation, end.error]).toEqual([42, 2, true, null])
    expect([before, startedAt, end.endedAt, after]).toEqual(
      [before, startedAt, end.endedAt, after].toSorted((a, b) => a - b),
    )
  })

  it.each([
    ['a throw', fail],
    ['a rejection', async () => fail()],
  ])('takes %s for the same failure', async (_, fn) => {
    const ends: (string | undefined)[] = []
    const scope = scopeWith({ observe: (event) => void (event.type === 'end' && ends.push(event.error?.message)) })
    await expect(runOperation(scope, 'task', 'poll', fn)).rejects.toThrow('exporter')
    expect(ends).toEqual(['exporter'])
  })

  it('rejects with what was thrown, untouched, and tells exporters an error', async () => {
    const ends: unknown[] = []
    const scope = scopeWith({ observe: (event) => void (event.type === 'end' && ends.push(event.error)) })
    const failure = runOperation(scope, 'task', 'poll', () => {
      throw 'text' as unknown
    })
    await expect(failure).rejects.toBe('text')
    expect(ends).toEqual([new Error('text')])
  })

  it('runs the function without any exporter too', async () => {
    expect(await runOperation(createScope(), 'tick', '', () => 'done')).toBe('done')
  })

  it('awaits a thenable that is no promise, once, whatever it calls back', async () => {
    const then = (resolve: (value: string) => void, reject: (error: unknown) => void): void => {
      resolve('first')
      resolve('second')
      reject(new Error('too late'))
    }
    expect(await runOperation(scopeWith({}), 'task', '', () => withThen({ value: then }))).toBe('first')
  })
})

describe('the activate of an exporter', () => {
  /** Runs an operation under exporters, and says how often each part ran. */
  async function run(
    exporters: readonly Exporter[],
    fn: () => unknown = () => 'value',
  ): Promise<{ value: unknown; runs: number; lines: readonly string[]; unhandled: readonly unknown[] }> {
    const scope = scopeWith(...exporters)
    let runs = 0
    let value: unknown
    const unhandled = await unhandledDuring(async () => {
      value = await runOperation(scope, 'task', 'poll', () => {
        runs++
        return fn()
      }).catch((error: unknown) => `failed: ${(error as Error).message}`)
    })
    return { value, runs, lines: scope.lines, unhandled }
  }
  const once = { value: 'value', runs: 1, lines: [], unhandled: [] }

  it('runs the function with the operation current, the first exporter outermost', async () => {
    const storage = new AsyncLocalStorage<string>()
    const log: string[] = []
    const around = (name: string): Exporter => ({
      activate: (operation: Operation, fn) => {
        log.push(`${name} ${operation.kind} ${operation.label}`)
        return storage.run(`${storage.getStore() ?? ''}${name}`, fn)
      },
    })
    const result = await run([around('a'), {}, around('b')], async () => {
      await idle()
      return storage.getStore()
    })
    expect([result, log]).toEqual([{ ...once, value: 'ab' }, ['a task poll', 'b task poll']])
  })

  it('is not asked where there is none', async () => {
    expect(await run([{ observe: () => {} }])).toEqual(once)
  })

  it('may never call the function', async () => {
    expect(await run([{ activate: () => undefined as never }])).toEqual(once)
  })

  it('may throw before it, after it, and instead of it', async () => {
    const lines = [failed('activate', 'exporter')]
    const after: Exporter = {
      activate: (_, fn) => {
        fn()
        return fail()
      },
    }
    expect(await run([{ activate: fail }])).toEqual({ ...once, lines })
    expect(await run([after])).toEqual({ ...once, lines })
  })

  it('may call it twice, and gets the same result for it', async () => {
    const results: unknown[] = []
    const twice: Exporter = {
      activate: (_, fn) => {
        results.push(fn(), fn())
        return fn()
      },
    }
    expect([await run([twice]), results]).toEqual([once, ['value', 'value']])
  })

  it('may call it later, when it has run already', async () => {
    const later: Exporter = {
      activate: (_, fn) => {
        setImmediate(fn)
        return undefined as never
      },
    }
    expect(await run([later])).toEqual(once)
  })

  it('may give another result back', async () => {
    expect(await run([{ activate: () => 'other' as never }])).toEqual(once)
    expect(await run([{ activate: (_, fn) => [fn()] as never }])).toEqual(once)
  })

  it('may be async and reject, before and after the function', async () => {
    const lines = [failed('activate', 'exporter')]
    const before: Exporter = { activate: (async () => fail()) as never }
    const after: Exporter = {
      activate: (async (_: Operation, fn: () => unknown) => {
        await fn()
        fail()
      }) as never,
    }
    expect(await run([before])).toEqual({ ...once, lines })
    expect(await run([after], async () => 'value')).toEqual({ ...once, lines })
  })

  it('may pass the promise of the work on, whose failure is not its own', async () => {
    const wrapping: Exporter = {
      activate: ((_: Operation, fn: () => Promise<unknown>) => fn().finally(() => {})) as never,
    }
    const own: Exporter = { activate: ((_: Operation, fn: () => Promise<unknown>) => fn().finally(fail)) as never }
    const work = async (): Promise<never> => {
      await idle()
      throw new Error('work')
    }
    expect(await run([wrapping], work)).toEqual({ ...once, value: 'failed: work' })
    expect(await run([own], work)).toEqual({ ...once, value: 'failed: work', lines: [failed('activate', 'exporter')] })
  })

  it('never sees the work fail, so it cannot bury it', async () => {
    const seen: unknown[] = []
    const burying: Exporter = {
      activate: (_, fn) => {
        try {
          return fn()
        } catch (error) {
          seen.push(error)
          return 'buried' as never
        }
      },
    }
    const work = (): never => {
      throw new Error('work')
    }
    expect([await run([burying], work), seen]).toEqual([{ ...once, value: 'failed: work' }, []])
  })

  it.each<[string, NonNullable<Exporter['activate']>]>([
    ['never calls it', () => undefined as never],
    ['throws', fail],
    [
      'throws after it',
      (_, fn) => {
        fn()
        return fail()
      },
    ],
    [
      'calls it twice',
      (_, fn) => {
        fn()
        return fn()
      },
    ],
  ])('runs the next exporter once when it %s', async (_, activate) => {
    const inner = vi.fn<(operation: Operation, fn: () => unknown) => unknown>((_, fn) => fn())
    const { value, runs } = await run([{ activate }, { activate: inner as never }])
    expect([value, runs, inner.mock.calls.length]).toEqual(['value', 1, 1])
  })
})

describe('isThenable()', () => {
  it('tells what must be awaited', () => {
    const then = { value: () => {} }
    expect([Promise.resolve(), withThen(then), withThen(then, () => {})].map(isThenable)).toEqual([true, true, true])
    expect([null, undefined, 0, 'x', {}, withThen({ value: 1 }), () => {}].some(isThenable)).toBe(false)
  })
})
