import { attachNode, type HealthNode, type HealthReporter } from '@svc/core'
import { createService, type EngineService } from '@svc/engine'
import { describe, expect, it } from 'vitest'
import { handWritten, linesOf, startedService } from './fixtures/reporters.ts'
import { createHealthChecker } from './index.ts'

function broken(name: string, parts: Partial<Record<keyof HealthReporter, unknown>>): HealthReporter {
  return { ...handWritten(name), readiness: () => null, ...parts, name: () => name } as HealthReporter
}

function raise(): never {
  throw new Error('broken')
}

const NONSENSE: readonly [string, () => unknown, string][] = [
  ['throws', raise, 'broken'],
  [
    'throws what is no error',
    () => {
      throw 'text' as unknown
    },
    'text',
  ],
  ['gives nothing', () => undefined, 'expected a map of names and errors, got undefined'],
  ['gives a number', () => 7, 'expected a map of names and errors, got 7'],
  ['gives entries that are none', () => [7], 'expected entries of a name and an error, got 7'],
  ['gives a name that is none', () => [[7, null]], 'expected entries of a name and an error'],
  ['gives an error that is none', () => new Map([['Bad', 'text']]), 'expected an error or null, got "text"'],
  ['gives undefined for an error', () => new Map([['Bad', undefined]]), 'expected an error or null, got undefined'],
]

describe('a reporter whose report', () => {
  it.each(NONSENSE)(
    '%s is unhealthy with that error, and the others are still read',
    (_what, healthReport, message) => {
      const checker = createHealthChecker()
      checker.register(handWritten('Before'))
      checker.register(broken('Bad', { healthReport }))
      checker.register(handWritten('After'))
      const { health } = checker.snapshot()
      expect([...health.keys()]).toEqual(['Before', 'Bad', 'After'])
      expect(health.get('Bad')?.message).toContain(message)
      expect([health.get('Before'), health.get('After'), checker.isHealthy()]).toEqual([null, null, false])
    },
  )

  it.each(NONSENSE)('%s is so below one of our own as well', async (_what, healthReport, message) => {
    const bad = { ...createService({ name: 'Bad' }), healthReport, readiness: () => null } as EngineService
    const { service } = await startedService('App', {
      subServices: (engine) => [
        createService({ name: 'A', parent: engine, subServices: () => [bad] }),
        createService({ name: 'B', parent: engine }),
      ],
    })
    const checker = createHealthChecker()
    checker.register(service)
    const { health } = checker.snapshot()
    expect([...health.keys()].toSorted()).toEqual(['App', 'App.A', 'App.B', 'Bad'])
    expect(health.get('Bad')?.message).toContain(message)
    expect([health.get('App'), health.get('App.A'), health.get('App.B')]).toEqual([null, null, null])
  })
})

describe('a reporter whose readiness', () => {
  it.each<[string, () => unknown, string]>([
    ['throws', raise, 'broken'],
    ['is undefined', () => undefined, 'expected an error or null, got undefined'],
    ['is true', () => true, 'expected an error or null, got true'],
  ])('%s is not ready with that error, at any depth', async (_what, readiness, message) => {
    const bad = { ...createService({ name: 'Bad' }), readiness, healthReport: () => new Map() } as EngineService
    const { service } = await startedService('App', { subServices: () => [bad] })
    const checker = createHealthChecker()
    checker.register(broken('Bad', { readiness }))
    checker.register(service)
    checker.register(handWritten('After'))
    const { readiness: report } = checker.snapshot()
    expect(report.get('Bad')?.message).toContain(message)
    expect(report.get('App')?.message).toContain(message)
    expect([report.get('After'), checker.isReady()]).toEqual([null, false])
  })
})

describe('a node of somebody else', () => {
  function withNode(visit: HealthNode['visit']): HealthReporter {
    return attachNode(broken('Bad', {}), { revision: 0, visit, adopt: () => {} })
  }

  it.each<[string, HealthNode['visit'], string]>([
    ['throws', raise, 'broken'],
    [
      'throws when it is polled',
      (_into, flush) => {
        if (flush) raise()
      },
      'broken',
    ],
    [
      'names nothing',
      (into) => {
        into(undefined as unknown as string, null)
      },
      'expected a name, and an error or null',
    ],
    [
      'gives text for an error',
      (into) => {
        into('Bad', 'text' as unknown as Error)
      },
      'expected a name, and an error',
    ],
  ])('that %s is unhealthy with that error', (_what, visit, message) => {
    const checker = createHealthChecker()
    checker.register(withNode(visit))
    checker.register(handWritten('After'))
    const { health } = checker.snapshot()
    expect([...health.keys()]).toEqual(['Bad', 'After'])
    expect(health.get('Bad')?.message).toContain(message)
  })

  it('that fails when it is polled keeps what it said before that, and its failure until the next poll', async () => {
    let revision = 0
    let isBroken = true
    const node: HealthNode = {
      get revision() {
        return revision
      },
      visit: (into, flush) => {
        into('A', flush ? new Error('flushed') : null, flush ? new Error('flushed') : null)
        if (flush && isBroken) raise()
        into('B', null)
      },
      adopt: () => {},
    }
    const checker = createHealthChecker()
    checker.register(attachNode(broken('Bad', {}), node))
    const lines = ['A: flushed', 'B: ok', 'Bad: broken']
    expect(linesOf(checker.snapshot().health)).toEqual(lines)
    revision++
    expect(linesOf(checker.snapshot().health)).toEqual(lines)
    isBroken = false
    await checker.start()
    await checker.close()
    expect(linesOf(checker.snapshot().health)).toEqual(['A: flushed\nflushed', 'B: ok'])
  })

  it('that fails when it is looked at is read anew by the next poll', async () => {
    let isBroken = true
    const node = withNode((into) => {
      if (isBroken) raise()
      into('Bad', null)
    })
    const checker = createHealthChecker()
    checker.register(node)
    expect(linesOf(checker.snapshot().health)).toEqual(['Bad: broken'])
    isBroken = false
    await checker.start()
    await checker.close()
    expect(linesOf(checker.snapshot().health)).toEqual(['Bad: ok'])
  })

  it('that loses an entry between two walks does not have the rest of them twice', () => {
    const checker = createHealthChecker()
    checker.register(
      withNode((into, flush) => {
        if (!flush) into('Gone', null)
        into('A', null)
        into('B', new Error('sick'))
      }),
    )
    expect(linesOf(checker.snapshot().health)).toEqual(['Gone: ok', 'A: ok', 'B: sick'])
  })

  it('may have a name twice, once by hand: nothing is lost, and nothing doubled', () => {
    const node = withNode((into, flush) => {
      into('A', null)
      if (flush) into('B', new Error('by hand'))
      into('B', new Error(flush ? 'flushed\ncondition' : 'condition'), flush ? new Error('flushed') : null)
      into('C', flush ? new Error('once') : null, flush ? new Error('once') : null)
      into('C', null)
    })
    const checker = createHealthChecker()
    checker.register(node)
    expect(linesOf(checker.snapshot().health)).toEqual(['A: ok', 'B: by hand\nflushed\ncondition', 'C: once'])
  })
})
