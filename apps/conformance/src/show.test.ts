import { joinErrors, ServiceError, type ServiceErrorCode } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { byBytes, showOutcome, showReport, showSortedOutcome } from './show.ts'

function coded(code: ServiceErrorCode, cause?: Error): ServiceError {
  return new ServiceError('as text', { code, service: 'svc', state: 'Stopped', cause })
}

describe('showOutcome()', () => {
  it('shows no error as ok', () => {
    expect(showOutcome(null)).toBe('ok')
  })

  it('shows a code with its state where the state tells something, other codes as their message', () => {
    const codes: readonly ServiceErrorCode[] = [
      'ALREADY_STARTED',
      'ALREADY_STOPPED',
      'CANNOT_STOP_UNSTARTED',
      'CANNOT_STOP',
      'NOT_STARTED',
      'START_FAILED',
      'TIMEOUT',
      'DUPLICATE_NAME',
      'DEADLOCK',
    ]
    expect(codes.map((code) => showOutcome(coded(code)))).toEqual([
      'error ALREADY_STARTED(Stopped)',
      'error ALREADY_STOPPED',
      'error CANNOT_STOP_UNSTARTED',
      'error CANNOT_STOP(Stopped)',
      'error NOT_STARTED(Stopped)',
      'error as text',
      'error as text',
      'error as text',
      'error as text',
    ])
  })

  it('shows only the leaves of the tree, in order', () => {
    const wrapped = coded('START_FAILED', new Error('middle', { cause: new Error('b') }))
    const parts = new AggregateError([new Error('c'), new AggregateError([new Error('a')])])
    expect(showOutcome(joinErrors([wrapped, parts, coded('NOT_STARTED')]))).toBe(
      'error b | c | a | NOT_STARTED(Stopped)',
    )
  })
})

describe('showSortedOutcome()', () => {
  it('sorts the leaves', () => {
    expect(showSortedOutcome(joinErrors([new Error('b'), new Error('a')]))).toBe('error a | b')
    expect(showSortedOutcome(null)).toBe('ok')
  })
})

describe('showReport()', () => {
  it('sorts by name, not by the joined text, and the leaves of each', () => {
    const report = new Map([
      ['App.S1', null],
      ['App', joinErrors([new Error('b'), new Error('a')])],
      ['App!', null],
    ])
    expect(showReport(report)).toBe('App=error a | b, App!=ok, App.S1=ok')
  })

  it('shows an empty report as nothing', () => {
    expect(showReport(new Map())).toBe('')
  })
})

describe('byBytes()', () => {
  it('sorts as Go does, also beyond the basic plane', () => {
    expect(['😀', '！', 'b', 'B', ''].toSorted(byBytes)).toEqual(['', 'B', 'b', '！', '😀'])
  })
})
