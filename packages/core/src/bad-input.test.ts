import { describe, expect, it } from 'vitest'
import {
  attachNode,
  containsError,
  createErrorBuffer,
  createScope,
  emit,
  isCancellation,
  joinErrors,
  mergeReports,
  nodeOf,
  reportToJSON,
  runOperation,
  ServiceError,
  sleep,
} from './index.ts'
import { checkOneOf, checkPeriod, checkScope } from './internal.ts'

/** What none of these functions takes where an object is asked for. */
const NO_OBJECTS: readonly (readonly [unknown, string])[] = [
  [null, 'null'],
  ['x', '"x"'],
  [1, '1'],
  [true, 'true'],
  [Symbol('s'), 'Symbol(s)'],
  [() => {}, 'a function'],
]

function failure(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return 'no error'
}

/** Calls with each wrong argument in turn; `expected` says what would have been right. */
function refuses(
  what: string,
  expected: string,
  call: (argument: never) => unknown,
  wrong: readonly (readonly [unknown, string])[],
  type: typeof TypeError | typeof RangeError = TypeError,
): void {
  it.each(wrong)(`refuses ${what} that is %s`, (argument, shown) => {
    const error = failure(() => call(argument as never))
    expect(error).toBeInstanceOf(type)
    expect((error as Error).message).toBe(`Cannot use ${what}: expected ${expected}, got ${shown}`)
  })
}

const scope = createScope()
const reporter = { name: () => 'a', readiness: () => null, healthReport: () => new Map<string, null>() }
const node = { revision: 0, visit: () => {}, adopt: () => {} }
const NO_FUNCTIONS = [[undefined, 'undefined'] as const, ...NO_OBJECTS.slice(0, -1), [{}, 'an object'] as const]
const NO_STRINGS = [
  [null, 'null'],
  [1, '1'],
  [{}, 'an object'],
  [Symbol('s'), 'Symbol(s)'],
] as const
const NO_SIGNALS = [...NO_OBJECTS, [new AbortController(), 'an object'], [{ aborted: false }, 'an object']] as const
const NO_BOOLEANS = [
  [null, 'null'],
  [1, '1'],
  ['true', '"true"'],
] as const
const NO_NUMBERS = [
  [undefined, 'undefined'],
  [null, 'null'],
  ['1', '"1"'],
  [1n, '1'],
  [{}, 'an object'],
] as const

describe('bad input of createErrorBuffer()', () => {
  refuses('the options', 'an object', createErrorBuffer, NO_OBJECTS)
  refuses('option "cap"', 'a number', (cap) => createErrorBuffer({ cap }), NO_NUMBERS.slice(1))
  const noCounts = [
    [-1, '-1'],
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ] as const
  const wanted = 'a whole number of 0 or more'
  refuses('option "cap"', wanted, (cap) => createErrorBuffer({ cap }), noCounts, RangeError)
  refuses(
    'the cap',
    wanted,
    (cap) => {
      createErrorBuffer().setCap(cap)
    },
    noCounts,
    RangeError,
  )
  refuses(
    'the cap',
    'a number',
    (cap) => {
      createErrorBuffer().setCap(cap)
    },
    NO_NUMBERS,
  )

  it.each([null, undefined])('refuses to append %s', (nothing) => {
    const buffer = createErrorBuffer()
    expect(
      failure(() => {
        buffer.append(nothing)
      }),
    ).toEqual(new TypeError(`Cannot append an error: expected an error, got ${nothing}`))
    expect(buffer.flush()).toEqual({ error: null, dropped: 0 })
  })

  it('changes nothing before it refuses', () => {
    const buffer = createErrorBuffer({ cap: 1 })
    buffer.append('a')
    failure(() => {
      buffer.setCap(-1)
    })
    buffer.append('b')
    const { error, dropped } = buffer.flush()
    expect([error?.message, dropped]).toEqual(['b', 1])
  })
})

describe('bad input of sleep()', () => {
  refuses('the delay', 'a number', (ms) => sleep(ms), NO_NUMBERS)
  const noDurations = [
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
  ] as const
  refuses('the delay', 'a finite number of milliseconds of 0 or more', (ms) => sleep(ms), noDurations, RangeError)
  refuses('the options', 'an object', (options) => sleep(0, options), NO_OBJECTS)
  refuses('option "signal"', 'an AbortSignal', (signal) => sleep(0, { signal }), NO_SIGNALS)
})

describe('bad input of joinErrors(), mergeReports(), reportToJSON() and containsError()', () => {
  const noLists = [[undefined, 'undefined'] as const, ...NO_OBJECTS, [{}, 'an object'] as const]
  refuses('the errors', 'a list of them', joinErrors, noLists)
  refuses('the reports', 'a list of them', (reports) => mergeReports(reports), noLists)
  refuses('the options', 'an object', (options) => mergeReports([], options), NO_OBJECTS)
  refuses('option "duplicates"', 'one of "join", "throw"', (duplicates) => mergeReports([], { duplicates }), [
    ['merge', '"merge"'],
    [null, 'null'],
    [true, 'true'],
  ])
  const noReports = [...noLists, [[], 'an array'] as const]
  const map = 'a map of names and errors'
  refuses('a health report', map, (report) => mergeReports([report]), noReports)
  refuses('a health report', map, reportToJSON, noReports)
  refuses('a health report', map, (report) => containsError(report, new Error('x')), noReports.slice(2))
  refuses('the target', 'an error or a function', (target) => containsError(null, target), NO_FUNCTIONS.slice(0, -1))
})

describe('bad input of isCancellation()', () => {
  const wrong = [[undefined, 'undefined'] as const, ...NO_SIGNALS]
  refuses('the signal', 'an AbortSignal', (signal) => isCancellation(null, signal), wrong)
})

describe('bad input of new ServiceError()', () => {
  const make = (options: never): Error => new ServiceError('x', options)
  refuses('the options', 'an object', make, [[undefined, 'undefined'], ...NO_OBJECTS])
  const wrong = [...NO_STRINGS, [undefined, 'undefined']] as const
  refuses('option "service"', 'a string', (service) => make({ code: 'TIMEOUT', service } as never), wrong)
  const noNames = [...wrong, ['', '""']] as const
  refuses('option "code"', 'a string that is not empty', (code) => make({ code, service: '' } as never), noNames)
})

describe('bad input of attachNode() and nodeOf()', () => {
  refuses('the reporter', 'an object', (it) => attachNode(it, node), [[undefined, 'undefined'], ...NO_OBJECTS])
  refuses('the reporter', 'an object', nodeOf, [[undefined, 'undefined'], ...NO_OBJECTS])
  const method = 'the method "healthReport" of the reporter'
  refuses(method, 'a function', (healthReport) => attachNode({ ...reporter, healthReport }, node), NO_FUNCTIONS)
  refuses('the node', 'an object', (it) => attachNode({ ...reporter }, it), [[undefined, 'undefined'], ...NO_OBJECTS])
  const visit = 'the method "visit" of the node'
  refuses(visit, 'a function', (it) => attachNode({ ...reporter }, { ...node, visit: it }), NO_FUNCTIONS)
  const adopt = 'the method "adopt" of the node'
  refuses(adopt, 'a function', (it) => attachNode({ ...reporter }, { ...node, adopt: it }), NO_FUNCTIONS)
})

describe('bad input of createScope()', () => {
  refuses('the options', 'an object', createScope, NO_OBJECTS)
  refuses('option "name"', 'a string', (name) => createScope({ name }), NO_STRINGS)
  refuses('option "logger"', 'an object', (logger) => createScope({ logger }), NO_OBJECTS)
  const wrong = NO_FUNCTIONS
  refuses(
    'the method "warn" of option "logger"',
    'a function',
    (warn) => createScope({ logger: { ...scope.logger, warn } }),
    wrong,
  )
  refuses('option "exporters"', 'an array', (exporters) => createScope({ exporters }), [
    ...NO_OBJECTS,
    [{}, 'an object'],
  ])
  const entries = [[undefined, 'undefined'] as const, ...NO_OBJECTS]
  refuses('an entry of option "exporters"', 'an object', (it) => createScope({ exporters: [{}, it] }), entries)
  for (const method of ['observe', 'activate', 'flush']) {
    const what = `the method "${method}" of an exporter`
    refuses(what, 'a function', (it) => createScope({ exporters: [{ [method]: it }] }), wrong.slice(1))
  }
  refuses('option "traceTasks"', 'true or false', (traceTasks) => createScope({ traceTasks }), NO_BOOLEANS)
  refuses('option "detectSelfClose"', 'true or false', (it) => createScope({ detectSelfClose: it }), NO_BOOLEANS)

  it.each([undefined, null, {}, 1])('rejects a flush within %s', async (budget) => {
    await expect(scope.flush(budget as never)).rejects.toThrow(/^Cannot use the signal: expected an AbortSignal, got /)
  })
})

const SCOPE = 'a scope (of createScope, or an engine)'

describe('bad input of emit() and runOperation()', () => {
  const noScopes = [...NO_OBJECTS, [undefined, 'undefined'], [{}, 'an object']] as const
  const half = [
    [{ ...scope, logger: null }, 'an object'],
    [{ ...scope, exporters: {} }, 'an object'],
  ] as const
  refuses(
    'the scope',
    SCOPE,
    (it) => {
      emit(it, { type: 'removed', scope })
    },
    noScopes,
  )
  refuses(
    'the scope',
    SCOPE,
    (it) => {
      checkScope(it, 'the scope')
    },
    [...noScopes, ...half],
  )
  refuses(
    'the event',
    'an object',
    (event) => {
      emit(scope, event)
    },
    [[undefined, 'undefined'], ...NO_OBJECTS],
  )

  const fn = (): void => {}
  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['no scope', () => runOperation(null as never, 'task', '', fn), `the scope: expected ${SCOPE}, got null`],
    [
      'a kind that there is not',
      () => runOperation(scope, 'run' as never, '', fn),
      'the kind: expected one of "start", "close", "wait", "drain", "task", "tick", got "run"',
    ],
    ['a label that is none', () => runOperation(scope, 'task', 1 as never, fn), 'the label: expected a string, got 1'],
    [
      'a promise for a function',
      () => runOperation(scope, 'task', '', Promise.resolve() as never),
      'the function: expected a function, got a promise',
    ],
  ]
  it.each(cases)('rejects %s, and tells no exporter', async (_, call, message) => {
    await expect(call()).rejects.toEqual(new TypeError(`Cannot use ${message}`))
  })
})

describe('the checks for the other packages', () => {
  const wrong = [
    [0, '0'],
    [-1, '-1'],
    [Infinity, 'Infinity'],
  ] as const
  const wanted = 'a finite number of milliseconds above 0'
  refuses(
    'the period',
    wanted,
    (ms) => {
      checkPeriod(ms, 'the period')
    },
    wrong,
    RangeError,
  )
  refuses(
    'the mode',
    'one of "a"',
    (mode) => {
      checkOneOf(mode, ['a'], 'the mode')
    },
    [['b', '"b"']],
  )
})
