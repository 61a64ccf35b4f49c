import { describe, expect, it, vi } from 'vitest'
import { joinErrors } from './join-errors.ts'
import { containsError, mergeReports, reportToJSON } from './report.ts'
import { isServiceError, ServiceError } from './service-error.ts'
import type { HealthReport } from './service.ts'

const ODD_NAMES = ['__proto__', 'constructor', 'a.b', 'with "quotes"', 'new\nline', '😀', ' ', 'toString']

describe('mergeReports()', () => {
  const a = new Error('a')
  const b = new Error('b')

  it('merges into a new report, in order', () => {
    const first = new Map([['x', a]])
    const merged = mergeReports([first, new Map([['y', null]]), new Map()])
    expect([[...merged], merged === first]).toEqual([
      [
        ['x', a],
        ['y', null],
      ],
      false,
    ])
  })

  it('joins the errors of a name that comes twice, the earlier first', () => {
    const merged = mergeReports([new Map([['x', b]]), new Map([['x', a]])])
    expect(merged.get('x')?.message).toBe('b\na')
  })

  it('keeps the error of an error and a null, and the null of two', () => {
    const merged = mergeReports([
      new Map<string, Error | null>([
        ['x', a],
        ['y', null],
        ['z', null],
      ]),
      new Map<string, Error | null>([
        ['x', null],
        ['y', b],
        ['z', null],
      ]),
    ])
    expect([...merged]).toEqual([
      ['x', a],
      ['y', b],
      ['z', null],
    ])
  })

  it('throws DUPLICATE_NAME when asked to, for a healthy one too', () => {
    const twice = [new Map([['x "1"', null]]), new Map([['x "1"', null]])]
    let error: unknown
    try {
      mergeReports(twice, { duplicates: 'throw' })
    } catch (thrown) {
      error = thrown
    }
    expect(isServiceError(error, 'DUPLICATE_NAME') && [error.message, error.service]).toEqual([
      'Cannot merge the reports: the name "x \\"1\\"" comes twice',
      'x "1"',
    ])
  })

  it('Mended: does not look at the environment to decide about duplicates', () => {
    const twice = [new Map([['x', a]]), new Map([['x', b]])]
    const messages: unknown[] = []
    for (const env of ['test', 'production']) {
      vi.stubEnv('NODE_ENV', env)
      vi.stubEnv('VITEST', env === 'test' ? 'true' : undefined)
      messages.push(mergeReports(twice, { duplicates: undefined }).get('x')?.message)
    }
    vi.unstubAllEnvs()
    expect(messages).toEqual(['a\nb', 'a\nb'])
  })

  it('takes names for data', () => {
    const report = new Map(ODD_NAMES.map((name) => [name, new Error(name)]))
    const merged = mergeReports([report, report])
    expect([...merged].map(([name, error]) => [name, error?.message])).toEqual(
      ODD_NAMES.map((name) => [name, `${name}\n${name}`]),
    )
  })
})

describe('containsError()', () => {
  const target = new Error('target')
  const other = new Error('other')

  // The cases of the original
  const cases: readonly (readonly [string, HealthReport | null | undefined, boolean])[] = [
    ['absent', undefined, false],
    ['null', null, false],
    ['empty', new Map(), false],
    ['healthy', new Map([['s', null]]), false],
    ['other', new Map([['s', other]]), false],
    ['itself', new Map([['s', target]]), true],
    [
      'behind a healthy one',
      new Map<string, Error | null>([
        ['r', null],
        ['s', target],
      ]),
      true,
    ],
    ['wrapped', new Map([['s', new Error('wrapped', { cause: new Error('again', { cause: target }) })]]), true],
    ['joined', new Map([['s', joinErrors([other, target])]]), true],
    ['wrapped and joined', new Map([['s', new Error('w', { cause: joinErrors([target, other]) })]]), true],
  ]
  it.each(cases)('TestContainsError: %s', (_, report, contains) => {
    expect([containsError(report, target), containsError(report, (error) => error === target)]).toEqual([
      contains,
      contains,
    ])
  })

  it('takes a predicate, which sees every part', () => {
    const report = new Map([['s', new Error('w', { cause: new ServiceError('x', { code: 'TIMEOUT', service: 's' }) })]])
    expect([
      containsError(report, (error) => isServiceError(error, 'TIMEOUT')),
      containsError(report, (error) => isServiceError(error, 'DEADLOCK')),
    ]).toEqual([true, false])
  })

  it('goes by identity, not by message', () => {
    expect(containsError(new Map([['s', new Error('target')]]), target)).toBe(false)
  })
})

describe('reportToJSON()', () => {
  it('shows each error as its message', () => {
    const report = new Map<string, Error | null>([
      ['App', null],
      ['App.Db', joinErrors([new Error('slow'), new Error('full')])],
    ])
    expect(JSON.stringify(reportToJSON(report))).toBe('{"App":null,"App.Db":"slow\\nfull"}')
  })

  it('takes names for data', () => {
    const json = reportToJSON(new Map(ODD_NAMES.map((name) => [name, new Error(name)])))
    expect(Object.entries(json)).toEqual(ODD_NAMES.map((name) => [name, name]))
    expect(Object.keys(JSON.parse(JSON.stringify(json)) as object)).toEqual(ODD_NAMES)
  })
})
