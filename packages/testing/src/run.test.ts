import type { Service, StartClose } from '@svc/core'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createFakeService, runForTest, runHealthy } from './index.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** What a test runner does with its cleanups: runs them last to first, and tells what failed. */
function runner(): { cleanup: (fn: () => Promise<void>) => void; finish(): Promise<string[]> } {
  const registered: (() => Promise<void>)[] = []
  return {
    cleanup: (fn) => registered.push(fn),
    finish: async () => {
      const failed: string[] = []
      for (const fn of registered.toReversed()) {
        await fn().catch((error: Error) => failed.push(...error.message.split('\n')))
      }
      return failed
    },
  }
}

const stateOf = (service: Service): unknown => (service.readiness() as { state?: string } | null)?.state ?? 'Started'

describe('runForTest()', () => {
  it('starts now and closes at the end of the test', async () => {
    const { cleanup, finish } = runner()
    const service = await runForTest(createFakeService({ name: 'A' }), cleanup)
    expect(stateOf(service)).toBe('Started')
    expect([await finish(), stateOf(service)]).toEqual([[], 'Stopped'])
  })

  it('fails on a failed start, and registers no close then', async () => {
    const { cleanup, finish } = runner()
    const service = createFakeService({ name: 'A', faults: { start: 'reject' } })
    await expect(runForTest(service, cleanup)).rejects.toMatchObject({ cause: { message: 'A: fault at start' } })
    expect(await finish()).toEqual([])
  })

  it('fails the test on a failed close', async () => {
    const { cleanup, finish } = runner()
    await runForTest(createFakeService({ name: 'A', faults: { close: 'throw' } }), cleanup)
    expect(await finish()).toEqual(['A: fault at close'])
  })

  it('takes what can only be started and closed', async () => {
    const log: string[] = []
    const { cleanup, finish } = runner()
    const plain: StartClose = { start: () => void log.push('start'), close: () => void log.push('close') }
    expect(await runForTest(plain, cleanup)).toBe(plain)
    await finish()
    expect(log).toEqual(['start', 'close'])
  })

  it('works with the hooks of vitest', async () => {
    const service = await runHealthy(createFakeService({ name: 'A' }), onTestFinished)
    expect(stateOf(service)).toBe('Started')
  })

  it('works with node:test, whose failures are its own', async () => {
    const program = fileURLToPath(new URL('fixtures/under-node-test.ts', import.meta.url))
    const run = promisify(execFile)(process.execPath, ['--conditions=@svc/source', '--test-reporter=tap', program], {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    )
    const lines = (await run).split('\n').filter((line) => /^(not )?ok /.test(line))
    expect(lines).toEqual(['ok 1 - passes and closes', 'not ok 2 - fails when the close fails', 'ok 3 - was closed'])
  })

  it.each([
    [undefined, () => {}],
    [{}, () => {}],
    [{ start: () => {} }, () => {}],
    [{ start: () => {}, close: () => {} }, undefined],
  ])('refuses %s with %s', async (service, cleanup) => {
    await expect(runForTest(service as never, cleanup as never)).rejects.toThrow(TypeError)
    await expect(runHealthy(service as never, cleanup as never)).rejects.toThrow(TypeError)
  })
})

describe('runHealthy()', () => {
  const healthy = (): Service => createFakeService({ name: 'A' })

  it('TestRunHealthy: passes', async () => {
    const { cleanup, finish } = runner()
    await runHealthy(healthy(), cleanup)
    expect(await finish()).toEqual([])
  })

  it('TestRunHealthy: fails on start', async () => {
    await expect(
      runHealthy(createFakeService({ name: 'A', faults: { start: 'throw' } }), () => {}),
    ).rejects.toMatchObject({
      code: 'START_FAILED',
    })
  })

  it('TestRunHealthy: fails on close', async () => {
    const { cleanup, finish } = runner()
    await runHealthy(createFakeService({ name: 'A', faults: { close: 'reject' } }), cleanup)
    expect(await finish()).toEqual(['A: fault at close'])
  })

  it('TestRunHealthy: fails on unready', async () => {
    const { cleanup, finish } = runner()
    await runHealthy({ ...healthy(), readiness: () => new Error('warming up') }, cleanup)
    expect(await finish()).toEqual(['A was never ready: warming up'])
  })

  it('TestRunHealthy: fails on unhealthy', async () => {
    const { cleanup, finish } = runner()
    await runHealthy({ ...healthy(), healthReport: () => new Map([['A', new Error('sick')]]) }, cleanup)
    expect(await finish()).toEqual(['A is unhealthy: sick'])
  })

  it('sees what was unhealthy for a moment, once a second, each once', async () => {
    vi.useFakeTimers()
    const { cleanup, finish } = runner()
    let looks = 0
    await runHealthy(
      { ...healthy(), healthReport: () => new Map([['A', ++looks === 3 ? new Error('a hiccup') : null]]) },
      cleanup,
    )
    await vi.advanceTimersByTimeAsync(5000)
    expect(looks).toBe(6)
    expect([await finish(), looks, vi.getTimerCount()]).toEqual([['A is unhealthy: a hiccup'], 7, 0])
  })

  it('accepts one that becomes ready later', async () => {
    vi.useFakeTimers()
    const { cleanup, finish } = runner()
    let looks = 0
    await runHealthy({ ...healthy(), readiness: () => (++looks < 3 ? new Error('not yet') : null) }, cleanup)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await finish()).toEqual([])
  })

  it('fails on a report that cannot be read', async () => {
    const { cleanup, finish } = runner()
    await runHealthy(createFakeService({ name: 'A', faults: { report: 'throw' } }), cleanup)
    expect(await finish()).toEqual(['The health cannot be read: A: fault at report'])
  })
})
