import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const program = fileURLToPath(new URL('fixtures/come-and-go.ts', import.meta.url))

/** A sub-service that is held on to costs several kilobytes; what a heap breathes by is nothing beside that. */
const MOST_BYTES_EACH = 100

async function trial(...options: readonly string[]): Promise<{ bytesEach: number }> {
  const { stdout } = await run(process.execPath, ['--conditions=@svc/source', '--expose-gc', program, ...options])
  return JSON.parse(stdout) as { bytesEach: number }
}

describe('ten thousand sub-services that come and go', () => {
  it('leave nothing in memory, in reports, in metrics or on a signal', { timeout: 60_000 }, async () => {
    const { bytesEach, ...left } = await trial()
    expect(left).toEqual({ names: ['P'], series: 0, listeners: 0, kept: 0 })
    expect(bytesEach).toBeLessThan(MOST_BYTES_EACH)
  })

  it('would be noticed if they did', { timeout: 60_000 }, async () => {
    const { bytesEach } = await trial('keep')
    expect(bytesEach).toBeGreaterThan(10 * MOST_BYTES_EACH)
  })
})
