import { describe, expect, it } from 'vitest'
import { readReadiness, readReporter } from './read-reporter.ts'
import type { HealthReport, HealthReporter } from './service.ts'

type Entry = readonly [string, string | null]

function read(healthReport: () => unknown): readonly Entry[] {
  const entries: Entry[] = []
  const reporter: HealthReporter = {
    name: () => 'R',
    readiness: () => null,
    healthReport: healthReport as () => HealthReport,
  }
  readReporter(reporter, 'R', (name, error) => entries.push([name, error === null ? null : error.message]))
  return entries
}

const fail = (): never => {
  throw new Error('on fire')
}

describe('readReporter()', () => {
  it('reads each entry', () => {
    expect(
      read(
        () =>
          new Map<string, Error | null>([
            ['R', null],
            ['R.a', new Error('a')],
          ]),
      ),
    ).toEqual([
      ['R', null],
      ['R.a', 'a'],
    ])
    expect(read(() => new Map())).toEqual([])
  })

  it('takes one that throws for unhealthy', () => {
    expect(read(fail)).toEqual([['R', 'on fire']])
    expect(
      read(() => {
        throw 'on fire' as unknown
      }),
    ).toEqual([['R', 'on fire']])
  })

  const nonsense: readonly (readonly [string, unknown, string])[] = [
    ['undefined', undefined, 'expected a map of names and errors, got undefined'],
    ['null', null, 'expected a map of names and errors, got null'],
    ['text', 'fine', 'expected a map of names and errors, got "fine"'],
    ['an object', { R: null }, 'expected a map of names and errors, got an object'],
    ['a promise', Promise.resolve(new Map()), 'expected a map of names and errors, got a promise'],
    ['a list of names', ['R'], 'expected entries of a name and an error, got "R"'],
    ['names that are none', new Map([[1, null]]), 'expected entries of a name and an error, got an array'],
  ]
  it.each(nonsense)('takes one that returns %s for unhealthy', (_, report, message) => {
    expect(read(() => report)).toEqual([['R', `Cannot read the health report of "R": ${message}`]])
  })

  it('keeps the good half of a report that is half nonsense', () => {
    function* half(): Generator<[string, Error | null]> {
      yield ['R.a', null]
      yield ['R', new Error('own')]
      yield fail()
    }
    expect(read(half)).toEqual([
      ['R.a', null],
      ['R', 'own\non fire'],
    ])
  })

  it('takes a value that is neither an error nor null for unhealthy, under its name', () => {
    const values: readonly unknown[] = [undefined, true, 'sick', 1, { message: 'sick' }, Promise.resolve(null)]
    expect(read(() => values.map((value, i) => [`R.${i}`, value]))).toEqual(
      ['undefined', 'true', '"sick"', '1', 'an object', 'a promise'].map((shown, i) => [
        `R.${i}`,
        `Cannot read the health of "R.${i}": expected an error or null, got ${shown}`,
      ]),
    )
  })

  it('does not end the process when the method is async and rejects', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const entries = read(async () => fail())
    const readiness = readReadiness({ ...reporterOf(null), readiness: (async () => fail()) as never }, 'R')
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect([entries.length, readiness?.message, unhandled]).toEqual([
      1,
      'Cannot read the health of "R": expected an error or null, got a promise',
      [],
    ])
  })
})

function reporterOf(readiness: unknown): HealthReporter {
  return { name: () => 'R', readiness: () => readiness as Error | null, healthReport: () => new Map() }
}

describe('readReadiness()', () => {
  it('is what the reporter says', () => {
    const error = new Error('not yet')
    expect([readReadiness(reporterOf(null), 'R'), readReadiness(reporterOf(error), 'R')]).toEqual([null, error])
  })

  it('is an error when the reporter throws or returns nonsense', () => {
    const throwing = { ...reporterOf(null), readiness: fail }
    expect([throwing, reporterOf(undefined), reporterOf(true)].map((it) => readReadiness(it, 'R')?.message)).toEqual([
      'on fire',
      'Cannot read the health of "R": expected an error or null, got undefined',
      'Cannot read the health of "R": expected an error or null, got true',
    ])
  })
})
