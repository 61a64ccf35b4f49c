import { describe, expect, it } from 'vitest'
import { joinErrors, type StartClose } from '@svc/core'
import { createMultiStart } from './multi-start.ts'

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  )

/** A fake that says what it does; `start` and `close` fail when their names are in `faults`. */
function fake(name: string, log: string[], ...faults: ('start' | 'close')[]): StartClose {
  return {
    start: async () => {
      log.push(faults.includes('start') ? `${name} start failure` : `${name} started`)
      if (faults.includes('start')) throw new Error(`failed to start: ${name}`)
    },
    close: async () => {
      log.push(faults.includes('close') ? `${name} close failure` : `${name} closed`)
      if (faults.includes('close')) throw new Error(`failed to close: ${name}`)
    },
  }
}

describe('createMultiStart()', () => {
  it('prints what ExampleMultiStart prints', async () => {
    const out: string[] = []
    const all = createMultiStart()
    try {
      await all.start([fake('a', out), fake('b', out, 'close'), fake('c', out, 'start', 'close')])
    } catch (error) {
      out.push((error as Error).message)
    }
    expect(out.join('\n')).toBe(
      'a started\nb started\nc start failure\nb close failure\na closed\nfailed to start: c\nfailed to close: b',
    )
  })

  it('starts each when the one before has started, and closes each when the one after has closed', async () => {
    const log: string[] = []
    const slow = (name: string): StartClose => ({
      start: async () => {
        log.push(`${name} starting`)
        await Promise.resolve()
        log.push(`${name} started`)
      },
      close: async () => {
        log.push(`${name} closing`)
        await Promise.resolve()
        log.push(`${name} closed`)
      },
    })
    const all = createMultiStart()
    await all.start([slow('a'), slow('b')])
    await all.close()
    expect(log).toEqual([
      'a starting',
      'a started',
      'b starting',
      'b started',
      'b closing',
      'b closed',
      'a closing',
      'a closed',
    ])
  })

  it('adds what a later start starts', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await all.start([fake('a', log)])
    await all.start([fake('b', log), fake('c', log)])
    await all.close()
    expect(log).toEqual(['a started', 'b started', 'c started', 'c closed', 'b closed', 'a closed'])
  })

  it('closes what earlier starts started when a later one fails', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await all.start([fake('a', log)])
    expect(await failure(all.start([fake('b', log), fake('c', log, 'start'), fake('d', log)]))).toMatchObject({
      message: 'failed to start: c',
    })
    expect(log).toEqual(['a started', 'b started', 'c start failure', 'b closed', 'a closed'])
  })

  it('joins the errors of a close in closing order', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await all.start([fake('a', log, 'close'), fake('b', log), fake('c', log, 'close')])
    expect(await failure(all.close())).toMatchObject({ message: 'failed to close: c\nfailed to close: a' })
    expect(log.slice(3)).toEqual(['c close failure', 'b closed', 'a close failure'])
  })

  it('does not close again what a failed start has closed (Mended: Go closes it twice)', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await failure(all.start([fake('a', log, 'close'), fake('b', log, 'start')]))
    await all.close()
    expect(log).toEqual(['a started', 'b start failure', 'a close failure'])
  })

  it('does not close again what an earlier close has closed (Mended: Go closes it twice)', async () => {
    const log: string[] = []
    const all = createMultiStart()
    await all.start([fake('a', log), fake('b', log, 'close')])
    await failure(all.close())
    await all.close()
    expect(log).toEqual(['a started', 'b started', 'b close failure', 'a closed'])
  })

  it('starts again after a close', async () => {
    const log: string[] = []
    const all = createMultiStart()
    const a = fake('a', log)
    await all.start([a])
    await all.close()
    await all.start([a])
    await all.close()
    expect(log).toEqual(['a started', 'a closed', 'a started', 'a closed'])
  })

  it('leaves nothing open and closes nothing twice, whichever of five fails to start', async () => {
    for (let failing = 0; failing < 5; failing++) {
      const open = new Map<number, number>()
      const services = Array.from({ length: 5 }, (_, i) => ({
        start: () => {
          if (i === failing) throw new Error(`no ${i}`)
          open.set(i, (open.get(i) ?? 0) + 1)
        },
        close: () => {
          open.set(i, (open.get(i) ?? 0) - 1)
        },
      }))
      const all = createMultiStart()
      expect(await failure(all.start(services))).toMatchObject({ message: `no ${failing}` })
      await all.close()
      expect([...open.entries()]).toEqual(Array.from({ length: failing }, (_, i) => [i, 0]))
    }
  })

  it('has nothing to do for an empty list, and nothing to close', async () => {
    const all = createMultiStart()
    await all.start([])
    await all.close()
    await all.close()
    expect(await failure(all.start([]))).toBe('no error')
  })

  it('starts the list as it was when start was called', async () => {
    const log: string[] = []
    const list = [fake('a', log)]
    const all = createMultiStart()
    const started = all.start(list)
    list.push(fake('b', log))
    await started
    expect(log).toEqual(['a started'])
  })

  it('calls methods on their service, and works detached itself', async () => {
    const log: string[] = []
    class Store {
      readonly path = 'x.db'
      start(): void {
        log.push(`open ${this.path}`)
      }
      close(): void {
        log.push(`close ${this.path}`)
      }
    }
    const { start, close } = createMultiStart()
    await start([new Store()])
    await close()
    expect(log).toEqual(['open x.db', 'close x.db'])
  })

  it('treats a synchronous throw as the same failure as a rejection', async () => {
    const log: string[] = []
    const boom = new Error('boom')
    const bang = new Error('bang')
    const all = createMultiStart()
    const thrower = {
      start: () => {},
      close: () => {
        throw bang
      },
    }
    const starter = {
      start: () => {
        throw boom
      },
      close: () => {},
    }
    expect(await failure(all.start([fake('a', log), thrower, starter]))).toMatchObject({ errors: [boom, bang] })
    expect(log).toEqual(['a started', 'a closed'])
  })

  it('waits for a thenable that is no promise', async () => {
    const log: string[] = []
    const thenable = (line: string) => ({
      // oxlint-disable-next-line unicorn/no-thenable -- a thenable that is no promise is the subject
      then: (resolve: () => void) => {
        queueMicrotask(() => {
          log.push(line)
          resolve()
        })
      },
    })
    const all = createMultiStart()
    const odd = { start: () => thenable('odd started'), close: () => thenable('odd closed') } as unknown as StartClose
    await all.start([odd, fake('b', log)])
    await all.close()
    expect(log).toEqual(['odd started', 'b started', 'b closed', 'odd closed'])
  })

  it('makes an error of whatever was thrown', async () => {
    for (const thrown of ['text', undefined, null, 42, { odd: true }]) {
      const all = createMultiStart()
      const error = await failure(all.start([{ start: async () => Promise.reject(thrown), close: () => {} }]))
      expect(error).toBeInstanceOf(Error)
      expect((error as Error).cause).toBe(thrown)
    }
  })

  describe('closeBecause()', () => {
    it('rejects with the reason first, then with the errors of the close', async () => {
      const log: string[] = []
      const all = createMultiStart()
      const why = new Error('why')
      await all.start([fake('a', log, 'close'), fake('b', log), fake('c', log, 'close')])
      expect(await failure(all.closeBecause(why))).toMatchObject({
        message: 'why\nfailed to close: c\nfailed to close: a',
      })
      expect(log.slice(3)).toEqual(['c close failure', 'b closed', 'a close failure'])
    })

    it('rejects with the reason itself when every close goes well, or nothing is left to close', async () => {
      const why = new Error('why')
      const all = createMultiStart()
      await all.start([fake('a', [])])
      expect(await failure(all.closeBecause(why))).toBe(why)
      expect(await failure(all.closeBecause(why))).toBe(why)
    })

    it('takes a reason that is joined itself', async () => {
      const [a, b] = [new Error('a'), new Error('b')]
      expect(await failure(createMultiStart().closeBecause(joinErrors([a, b])!))).toMatchObject({ errors: [a, b] })
    })
  })
})
