import { describe, expect, it } from 'vitest'
import { makeTrace, type Row } from '../fixtures/make-trace.ts'
import { criticalPath } from './critical-path.ts'
import { explainPath } from './path-words.ts'

const NOW = 1000

function words(...rows: readonly Row[]): string | undefined {
  const { trace } = makeTrace(...rows)
  const text = explainPath(trace, criticalPath(trace, NOW), NOW)
  return (
    text &&
    String(text)
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/\s+/g, ' ')
  )
}

describe('explainPath()', () => {
  it('names the way down to what took most', () => {
    expect(words(['App', '', 0, 100], ['A', 'App', 0, 10], ['B', 'App', 12, 90], ['C', 'B', 20, 80])).toBe(
      'B took 78 ms of the 100 ms, C 60 ms of that. That was its own work.',
    )
  })

  it('says that it was its own work, with what is left, or alone', () => {
    expect(words(['App', '', 0, 90], ['A', 'App', 0, 10], ['B', 'App', 10, 16])).toBe(
      'Its own work took 74 ms of the 90 ms. The rest: A 10 ms, B 6 ms.',
    )
    expect(words(['App', '', 0, 1000], ['A', 'App', 0, 1])).toBe('Its own work took 999 ms of the 1 s.')
  })

  it('says that it was nothing in particular', () => {
    expect(words(['App', '', 0, 100], ['A', 'App', 0, 35], ['B', 'App', 35, 70])).toBe(
      'No single one of its parts took most of the 100 ms: A 35 ms, B 35 ms, its own work 30 ms.',
    )
  })

  it('says what one that has not ended waits for', () => {
    expect(words(['App', '', 0], ['A', 'App', 0, 10], ['B', 'App', 10])).toBe(
      'It has been running for 1 s, and waits for B for 990 ms.',
    )
  })
})
