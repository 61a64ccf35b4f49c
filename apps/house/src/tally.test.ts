import { describe, expect, it } from 'vitest'
import { tally, tallyLines } from './tally.ts'

const green = { id: '@svc/a#test', exitCode: 0, report: { passed: 2, failed: 0, skipped: [] } }

describe('tally()', () => {
  it('sums up the reports of all packages', () => {
    const red = { id: '@svc/b#test', exitCode: 1, report: { passed: 1, failed: 3, skipped: [] } }
    expect(tally([green, red], 1)).toEqual({ passed: 3, failed: 3, skipped: [], notes: [] })
  })

  it('counts a step that failed and one that did not run', () => {
    const tasks = [green, { id: '@svc/b#build', exitCode: 2 }, { id: '@svc/c#test', exitCode: null }]
    expect(tallyLines(tally(tasks, 2))).toEqual([
      'failed: @svc/b#build ended with exit code 2',
      'failed: @svc/c#test did not run, since what it depends on failed',
      '',
      '2 passed, 2 failed',
    ])
  })

  it('counts a test run that ended badly though no test failed, or that left no report', () => {
    const bad = { ...green, exitCode: 1 }
    const silent = { id: '@svc/b#test', exitCode: 0 }
    expect(tally([bad, silent], 1).notes).toEqual([
      'failed: @svc/a#test ended with exit code 1',
      'failed: @svc/b#test left no report',
    ])
  })

  it('lists each skipped test with its reason', () => {
    const skipped = [
      { test: 'src/a.test.ts > scrapes', reason: 'prometheus is not installed' },
      { test: 'src/b.test.ts > draws', reason: null },
    ]
    expect(tallyLines(tally([{ ...green, report: { ...green.report, skipped } }], 0))).toEqual([
      'skipped: @svc/a src/a.test.ts > scrapes: prometheus is not installed',
      'skipped: @svc/a src/b.test.ts > draws: no reason given',
      '',
      '2 passed, 0 failed, 2 skipped',
    ])
  })

  it('refuses a run without any test', () => {
    const none = { ...green, report: { passed: 0, failed: 0, skipped: [] } }
    expect(tallyLines(tally([none], 0))).toEqual(['failed: no test ran', '', '0 passed, 1 failed'])
  })

  it('counts a failure of turbo itself', () => {
    expect(tally([green], 3)).toMatchObject({ failed: 1, notes: ['failed: turbo ended with exit code 3'] })
  })
})
