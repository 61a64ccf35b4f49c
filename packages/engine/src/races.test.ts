import type { Service, ServiceError } from '@svc/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createService, createServiceEngine, type Engine, type EngineService } from './index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const hang = (): Promise<void> => new Promise(() => {})

/** What became of a call, in at most `ms`: `'hangs'`, `'ok'`, or its error. */
async function outcomeOf(work: Promise<unknown>, ms = 20_000): Promise<ServiceError | 'ok' | 'hangs'> {
  let outcome: ServiceError | 'ok' | 'hangs' = 'hangs'
  work.then(
    () => (outcome = 'ok'),
    (error: unknown) => (outcome = error as ServiceError),
  )
  for (let i = 0; i < 20; i++) await vi.advanceTimersByTimeAsync(0)
  for (let at = 0; at < ms && outcome === 'hangs'; at += 100) await vi.advanceTimersByTimeAsync(100)
  return outcome
}

function stateOf(service: Service): string {
  const refusal = service.readiness() as { state?: string; errors?: readonly { state?: string }[] } | null
  return refusal === null ? 'Started' : (refusal.errors?.[0]?.state ?? refusal.state ?? '')
}

/** A sub-service that is not one of ours. */
function handWritten(name: string, steps: Partial<Service>): Service {
  return {
    name: () => name,
    start: () => Promise.resolve(),
    close: () => Promise.resolve(),
    readiness: () => null,
    healthReport: () => new Map([[name, null]]),
    ...steps,
  }
}

async function started(config: { closeTimeoutMs?: number } = {}): Promise<{ service: EngineService; engine: Engine }> {
  const made = createServiceEngine({ name: 'P', ...config })
  await made.service.start()
  return made
}

describe('a start or close that waits for guarded functions', () => {
  it('ends a start at its deadline, and names the function that it waited for', async () => {
    const { service, engine } = createServiceEngine({ name: 'P', startTimeoutMs: 100 })
    void engine.ifNotStopped(hang)
    expect(await outcomeOf(service.start())).toMatchObject({
      code: 'TIMEOUT',
      service: 'P',
      pending: [{ kind: 'lease', label: 'hang' }],
    })
    expect([stateOf(service), vi.getTimerCount()]).toEqual(['StartFailed', 0])
  })

  it('ends a start when it is aborted, with the reason, and runs no hook', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'P', start: () => void log.push('started') })
    void engine.ifNotStopped(hang)
    const controller = new AbortController()
    const starting = service.start(controller.signal)
    const reason = new Error('enough')
    controller.abort(reason)
    expect([await outcomeOf(starting), stateOf(service), log]).toMatchObject([
      { code: 'START_FAILED', cause: reason, pending: [{ kind: 'lease', label: 'hang' }] },
      'StartFailed',
      [],
    ])
  })

  it('aborts what was begun while it waited, and the signal of the engine in any case', async () => {
    const { service, engine } = createServiceEngine({ name: 'P', startTimeoutMs: 100 })
    void engine.ifNotStopped(hang)
    const starting = service.start()
    let ticks = 0
    engine.goTick({ periodMs: 10 }, () => void ticks++)
    expect([await outcomeOf(starting), vi.getTimerCount(), engine.signal.aborted]).toMatchObject([
      { code: 'TIMEOUT', pending: [{ kind: 'lease' }, { kind: 'tick' }] },
      0,
      true,
    ])
    expect(ticks).toBeGreaterThan(5)
    const aborted = createServiceEngine({ name: 'A' })
    await outcomeOf(aborted.service.start(AbortSignal.abort()))
    expect(aborted.engine.signal.aborted).toBe(true)
  })

  it('begins the start when the functions end in time', async () => {
    const { service, engine } = createServiceEngine({ name: 'P', startTimeoutMs: 100 })
    const gate = Promise.withResolvers<void>()
    void engine.ifNotStopped(() => gate.promise)
    const starting = service.start()
    await vi.advanceTimersByTimeAsync(50)
    expect(stateOf(service)).toBe('Starting')
    gate.resolve()
    expect([await outcomeOf(starting), vi.getTimerCount()]).toEqual(['ok', 0])
    await service.close()
  })

  it('refuses a second start meanwhile, which leaves the first alone', async () => {
    const { service, engine } = createServiceEngine({ name: 'P' })
    const gate = Promise.withResolvers<void>()
    void engine.ifNotStopped(() => gate.promise)
    const starting = service.start()
    await expect(service.start(AbortSignal.abort())).rejects.toMatchObject({ code: 'ALREADY_STARTED' })
    gate.resolve()
    expect(await outcomeOf(starting)).toBe('ok')
    await service.close()
  })

  it('gives a close up at its deadline, and the start that waits before it', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'P', start: () => void log.push('started') })
    void engine.ifNotStopped(hang)
    const starting = service.start()
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('late'))
    const lease = { kind: 'lease', label: 'hang' }
    expect([...(await Promise.all([outcomeOf(closing), outcomeOf(starting)])), log]).toMatchObject([
      { code: 'TIMEOUT', service: 'P', pending: [lease] },
      { code: 'START_FAILED', pending: [lease] },
      [],
    ])
    expect([stateOf(service), vi.getTimerCount()]).toEqual(['StartFailed', 0])
  })

  it('abandons nothing for a close that has nothing to stop', async () => {
    const { service, engine } = createServiceEngine({ name: 'P' })
    const gate = Promise.withResolvers<void>()
    void engine.ifNotStopped(() => gate.promise)
    expect(await outcomeOf(service.close(AbortSignal.abort()))).toMatchObject({
      code: 'TIMEOUT',
      pending: [{ kind: 'lease' }],
    })
    const starting = service.start()
    expect(await outcomeOf(starting)).toBe('hangs')
    gate.resolve()
    expect(await outcomeOf(starting)).toBe('ok')
    await service.close()
  })

  it('gives the second of two closes up at its deadline when the first, without one, hangs', async () => {
    const { service, engine } = createServiceEngine({ name: 'P', close: hang })
    await service.start()
    void engine.ifStarted(() => new Promise(() => {}))
    service.close().catch(() => {})
    const controller = new AbortController()
    const second = service.close(controller.signal)
    controller.abort(new Error('late'))
    expect(await outcomeOf(second)).toMatchObject({ code: 'TIMEOUT', pending: [{ kind: 'lease' }, { kind: 'close' }] })
  })
})

describe('a sub-service whose close waits for a guarded function', () => {
  it('is named by that function in the deadline of its owner', async () => {
    let inside: Engine | undefined
    const service = createService({
      name: 'P',
      subServices: (parent) => {
        const child = createServiceEngine({ name: 'C', parent })
        inside = child.engine
        return [child.service]
      },
    })
    await service.start()
    void inside?.ifStarted(hang)
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    controller.abort(new Error('late'))
    expect(await outcomeOf(closing)).toMatchObject({ pending: [{ service: 'P.C', kind: 'lease', label: 'hang' }] })
  })
})

describe('a close that has run out of time', () => {
  it('names what it has begun since, at whatever level, if that does not end at once', async () => {
    const service = createService({
      name: 'P',
      subServices: (parent) => [
        createService({
          name: 'A',
          parent,
          close: (_, signal) =>
            new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                resolve()
              })
            }),
          subServices: (inside) => [createService({ name: 'Hangs', parent: inside, close: hang })],
        }),
      ],
    })
    await service.start()
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    controller.abort(new Error('late'))
    const outcome = (await outcomeOf(closing)) as ServiceError
    expect([outcome.code, outcome.pending.map((work) => work.service)]).toEqual(['TIMEOUT', ['P.A', 'P.A.Hangs']])
  })
})

describe('a task that is started past the deadline of a close', () => {
  it('is named or refused, whichever turn that is in', async () => {
    const seen = new Set<string>()
    for (let turns = 0; turns < 400; turns++) {
      const { service, engine } = createServiceEngine({
        name: 'P',
        subServices: (parent) => [createService({ name: 'C', parent, close: hang })],
      })
      await service.start()
      const closing = service.close(AbortSignal.abort())
      closing.catch(() => {})
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      let isTaken = true
      try {
        engine.go(hang, { label: 'late' })
      } catch {
        isTaken = false
      }
      const { pending } = (await outcomeOf(closing)) as ServiceError
      const isNamed = pending.some(({ label }) => label === 'late')
      expect([turns, isNamed]).toEqual([turns, isTaken])
      seen.add(String(isTaken))
    }
    expect([...seen]).toEqual(['true', 'false'])
  })
})

describe('tasks and the end of a transition', () => {
  it('never ends while a task runs, whichever turn of a close that was started in', async () => {
    const late: number[] = []
    for (let turns = 0; turns < 40; turns++) {
      const { service, engine } = createServiceEngine({
        name: 'P',
        close: async () => {
          await Promise.resolve()
        },
      })
      await service.start()
      const stopped = Promise.withResolvers<void>()
      engine.go(({ signal }) => {
        signal.addEventListener('abort', () => {
          stopped.resolve()
        })
        return stopped.promise
      })
      let closed = false
      const closing = service.close().finally(() => (closed = true))
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      const gate = Promise.withResolvers<void>()
      let running = false
      try {
        engine.go(async () => {
          running = true
          await gate.promise
          running = false
        })
      } catch (error) {
        expect(error).toMatchObject({ code: 'NOT_STARTED' })
      }
      await vi.advanceTimersByTimeAsync(0)
      if (running && closed) late.push(turns)
      gate.resolve()
      await closing
    }
    expect(late).toEqual([])
  })

  it('waits for a task that an abort listener starts before it calls the close hook', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'P', close: () => void log.push('close') })
    await service.start()
    engine.signal.addEventListener('abort', () => {
      engine.go(async () => {
        await Promise.resolve()
        log.push('task')
      })
    })
    await service.close()
    expect(log).toEqual(['task', 'close'])
  })

  it('waits for a task that the close hook starts before it closes sub-services, which that may use', async () => {
    const log: string[] = []
    const service = createService({
      name: 'P',
      subServices: (parent) => [createService({ name: 'C', parent, close: () => void log.push('close C') })],
      close: (engine) => {
        engine.go(async () => {
          await Promise.resolve()
          log.push('task')
        })
      },
    })
    await service.start()
    await service.close()
    expect(log).toEqual(['task', 'close C'])
  })

  it('waits, when it unwinds a start, for a task that the close of a sub-service starts', async () => {
    const gate = Promise.withResolvers<void>()
    let inside: Engine | undefined
    const service = createService({
      name: 'P',
      subServices: (engine) => {
        inside = engine
        return [createService({ name: 'C', parent: engine, close: () => inside?.go(() => gate.promise) })]
      },
      start: () => {
        throw new Error('the original')
      },
    })
    const starting = service.start()
    expect(await outcomeOf(starting)).toBe('hangs')
    gate.resolve()
    expect([(await outcomeOf(starting)) !== 'hangs', stateOf(service)]).toEqual([true, 'StartFailed'])
  })

  it('names each of two tasks with one label', async () => {
    const { service, engine } = await started({ closeTimeoutMs: 100 })
    engine.go(hang, { label: 'worker' })
    engine.go(hang, { label: 'worker' })
    expect(await outcomeOf(service.close())).toMatchObject({ pending: [{ label: 'worker' }, { label: 'worker' }] })
  })

  it('goes on with a close when a ticker fails to stop, which is a condition', async () => {
    const log: string[] = []
    const { service, engine } = createServiceEngine({ name: 'P', close: () => void log.push('close') })
    await service.start()
    const stop = (): never => {
      throw new Error('stuck')
    }
    engine.goTick({ next: hang as never, stop, reset: () => {}, [Symbol.dispose]: stop }, () => {}, { label: 'poll' })
    const closing = service.close()
    expect([...service.healthReport()]).toHaveLength(1)
    expect([await outcomeOf(closing), stateOf(service), log]).toEqual(['ok', 'Stopped', ['close']])
  })
})

describe('the unwinding of a start', () => {
  it('leaves no timer when its deadline passes between two of its steps', async () => {
    const controller = new AbortController()
    const gate = Promise.withResolvers<void>()
    const service = createService({
      name: 'P',
      subServices: (engine) => [createService({ name: 'C', parent: engine, close: () => gate.promise })],
      start: (engine) => {
        engine.go(async () => {
          await Promise.resolve()
        })
        throw new Error('the original')
      },
    })
    const starting = service.start(controller.signal)
    starting.catch(() => {})
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('enough'))
    gate.resolve()
    expect([await outcomeOf(starting, 0), vi.getTimerCount()]).toMatchObject([{ code: 'START_FAILED' }, 0])
  })

  it('ends at the deadline of a close that waits for it, also when it has begun at once', async () => {
    const { service } = createServiceEngine({
      name: 'P',
      start: (engine) => {
        engine.go(hang, { label: 'deaf' })
        throw new Error('the original')
      },
    })
    const starting = service.start()
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('late'))
    expect(await outcomeOf(closing)).toMatchObject({ code: 'TIMEOUT', pending: [{ label: 'deaf' }] })
    expect(await outcomeOf(starting)).toMatchObject({ code: 'START_FAILED', pending: [{ label: 'deaf' }] })
  })

  it('ends a sub-service whose override of start does not hand the signal on', async () => {
    const service = createService({
      name: 'P',
      startTimeoutMs: 100,
      subServices: (engine) => {
        const inner = createService({ name: 'C', parent: engine, start: hang })
        return [{ ...inner, start: () => inner.start() }]
      },
    })
    expect(await outcomeOf(service.start())).toMatchObject({
      code: 'TIMEOUT',
      pending: [{ service: 'P.C', kind: 'start' }],
    })
  })

  it('closes a sub-service whose override of start hangs after it has started', async () => {
    let inner: Service | undefined
    const service = createService({
      name: 'P',
      startTimeoutMs: 100,
      subServices: (engine) => {
        const made = createService({ name: 'C', parent: engine })
        inner = made
        const start = async (signal?: AbortSignal): Promise<void> => {
          await made.start(signal)
          await hang()
        }
        return [{ ...made, start }]
      },
    })
    expect(await outcomeOf(service.start())).toMatchObject({ code: 'TIMEOUT', pending: [{ service: 'P.C' }] })
    expect(stateOf(inner as Service)).toBe('Stopped')
  })
})

describe('sub-services that come and go', () => {
  it('closes one whose start ends at any turn of a close that has run out of time, once', async () => {
    for (let turns = 0; turns < 40; turns++) {
      const { service, engine } = createServiceEngine({
        name: 'P',
        closeOrder: 'reverse',
        subServices: (parent) =>
          Array.from({ length: 5 }, (_, i) =>
            createService({ name: `s${i}`, parent, close: () => Promise.resolve().then(() => {}) }),
          ),
      })
      await service.start()
      const gate = Promise.withResolvers<void>()
      let closes = 0
      const stubborn = handWritten('Stubborn', {
        start: () => gate.promise,
        close: () => Promise.resolve(void closes++),
      })
      const starting = engine.startSubService(stubborn)
      const controller = new AbortController()
      const closing = service.close(controller.signal)
      await vi.advanceTimersByTimeAsync(0)
      controller.abort(new Error('late'))
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      gate.resolve()
      await Promise.all([outcomeOf(closing), outcomeOf(starting)])
      expect([turns, closes]).toEqual([turns, 1])
    }
  })

  it('does not start one that has left its parent while that was starting', async () => {
    let left: Service | undefined
    const log: string[] = []
    const service = createService({
      name: 'P',
      subServices: (engine) => {
        const leaver = createService({ name: 'Leaver', parent: engine, start: () => void log.push('started') })
        left = leaver
        const start = (): Promise<void> => engine.closeSubService(leaver).catch(() => {})
        return [createService({ name: 'Sibling', parent: engine, start }), leaver]
      },
    })
    await service.start()
    expect([log, stateOf(left as Service), [...service.healthReport().keys()]]).toEqual([
      [],
      'Unstarted',
      ['P', 'P.Sibling'],
    ])
    await service.close()
  })

  it('does not start one that is about to leave, and waits for a guarded function before', async () => {
    const gate = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const inside: { parent?: Engine; leaver?: { service: Service; engine: Engine } } = {}
    const service = createService({
      name: 'P',
      subServices: (parent) => {
        inside.parent = parent
        inside.leaver = createServiceEngine({ name: 'Leaver', parent })
        return [createService({ name: 'Elder', parent, start: () => gate.promise }), inside.leaver.service]
      },
    })
    const starting = service.start()
    const leaver = inside.leaver as { service: Service; engine: Engine }
    void leaver.engine.ifNotStopped(() => held.promise)
    const leaving = inside.parent?.closeSubService(leaver.service) as Promise<void>
    leaving.catch(() => {})
    gate.resolve()
    await vi.advanceTimersByTimeAsync(0)
    held.resolve()
    expect(await Promise.all([outcomeOf(starting), outcomeOf(leaving)])).toMatchObject([
      'ok',
      { code: 'CANNOT_STOP_UNSTARTED' },
    ])
    expect([stateOf(leaver.service), service.readiness()]).toEqual(['Unstarted', null])
    await service.close()
  })

  it('keeps one whose close is refused as a deadlock, and closes it with the parent', async () => {
    const { service, engine } = await started()
    const child = createServiceEngine({ name: 'C', parent: engine })
    await engine.startSubService(child.service)
    await expect(child.engine.ifStarted(() => engine.closeSubService(child.service))).rejects.toMatchObject({
      code: 'DEADLOCK',
    })
    expect([...service.healthReport().keys()]).toEqual(['P', 'P.C'])
    await service.close()
    expect(stateOf(child.service)).toBe('Stopped')
  })

  it('keeps one whose close is refused inside its own start, once that has ended', async () => {
    const { service, engine } = await started()
    const child: Service = createService({
      name: 'C',
      parent: engine,
      start: () => {
        engine.closeSubService(child).catch(() => {})
      },
    })
    await engine.startSubService(child)
    await service.close()
    expect(stateOf(child)).toBe('Stopped')
  })

  it('hands the deadline of the parent to a close that is in flight, so that every step of it is begun', async () => {
    const { service, engine } = await started()
    const log: string[] = []
    const child = createService({
      name: 'C',
      parent: engine,
      close: hang,
      subServices: (parent) => [createService({ name: 'D', parent, close: () => void log.push('D') })],
    })
    await engine.startSubService(child)
    const alone = engine.closeSubService(child)
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    await vi.advanceTimersByTimeAsync(0)
    expect(log).toEqual([])
    controller.abort(new Error('late'))
    expect([...(await Promise.all([outcomeOf(alone), outcomeOf(closing)])), log]).toMatchObject([
      { code: 'TIMEOUT', service: 'P.C' },
      { code: 'TIMEOUT', service: 'P' },
      ['D'],
    ])
  })

  it('names one that hangs in its close, which was asked for during its start', async () => {
    const { service, engine } = await started()
    const gate = Promise.withResolvers<void>()
    const child = createService({ name: 'C', parent: engine, start: () => gate.promise, close: hang })
    engine.startSubService(child).catch(() => {})
    engine.closeSubService(child).catch(() => {})
    gate.resolve()
    await vi.advanceTimersByTimeAsync(0)
    const controller = new AbortController()
    const closing = service.close(controller.signal)
    controller.abort(new Error('late'))
    expect(await outcomeOf(closing)).toMatchObject({
      code: 'TIMEOUT',
      pending: [{ service: 'P.C', kind: 'close' }],
    })
  })

  it('closes the others when the close of one gives a thenable that cannot be looked at', async () => {
    const log: string[] = []
    // oxlint-disable-next-line unicorn/no-thenable -- a thenable that cannot be looked at is the subject
    const nasty = Object.defineProperty({}, 'then', {
      get: () => {
        throw new Error('cannot be looked at')
      },
    })
    const services = ['a', 'b', 'c'].map((name) =>
      handWritten(name, { close: () => (log.push(name), name === 'a' ? Promise.resolve() : (nasty as never)) }),
    )
    const service = createService({ name: 'P', subServices: () => services })
    await service.start()
    expect(await outcomeOf(service.close())).toMatchObject({ errors: [{}, {}] })
    expect(log.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('closes a chain of them as deep as the user likes', async () => {
    const { service, engine } = await started()
    let parent = engine
    for (let i = 0; i < 3000; i++) {
      const next = createServiceEngine({ name: 's', parent })
      await parent.startSubService(next.service)
      parent = next.engine
    }
    expect(await outcomeOf(service.close())).toBe('ok')
  })

  it('takes no other option than it has', async () => {
    const { service, engine } = await started()
    const child = createService({ name: 'C', parent: engine })
    const { signal } = new AbortController()
    expect(await engine.startSubService(child, { signal, timeoutMs: -1 } as never)).toBe(child)
    await service.close()
  })
})

describe('an override of readiness', () => {
  it('is asked by the owner, as an embedded method is in Go', async () => {
    let warm: Error | null = new Error('warming up')
    const service = createService({
      name: 'P',
      subServices: (engine) => [{ ...createService({ name: 'C', parent: engine }), readiness: () => warm }],
    })
    await service.start()
    expect(service.readiness()).toBe(warm)
    warm = null
    expect(service.readiness()).toBeNull()
    await service.close()
  })
})
