import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const program = fileURLToPath(new URL('./fixtures/failing-work.ts', import.meta.url))

/** What each service of the tree has as conditions. */
const OWN = ['task at once', 'task in a thenable', 'tick now', 'task nothing', 'task after an await', 'tick later']

describe('work that fails', () => {
  it('is never an unhandled rejection or an uncaught exception, at any level, but a condition', async () => {
    const { stdout } = await run(process.execPath, ['--conditions=@svc/source', '--expose-gc', program])
    expect(JSON.parse(stdout)).toEqual({
      unheard: [],
      conditions: { R: [...OWN, 'task start'], 'R.A': OWN, 'R.A.A1': OWN },
      states: ['Stopped', 'StartFailed', 'StopFailed'],
    })
  })
})
