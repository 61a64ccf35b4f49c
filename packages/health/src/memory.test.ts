import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createService } from '@svc/engine'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startedService } from './fixtures/reporters.ts'
import { createHealthChecker } from './index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

afterEach(() => {
  vi.useRealTimers()
})

async function alive(refs: readonly WeakRef<Error>[]): Promise<string[]> {
  vi.useRealTimers()
  // A WeakRef holds its target until the turn of the event loop has ended.
  await new Promise(setImmediate)
  collectGarbage()
  return refs.flatMap((ref) => ref.deref()?.message ?? [])
}

describe('what was said before', () => {
  it('is not kept alive by the stacks of newer errors, which hold what was being read', async () => {
    const { service, engine } = await startedService('App', {
      subServices: (engine) => [createService({ name: 'A', parent: engine })],
    })
    const checker = createHealthChecker()
    checker.register(service)
    const shown: WeakRef<Error>[] = []
    for (let i = 0; i < 20; i++) {
      engine.setHealthCondition('key', new Error(`condition ${i}`))
      shown.push(new WeakRef(checker.snapshot().health.get('App') as Error))
    }
    expect(await alive(shown)).toEqual(['key: condition 19'])
    expect(checker.isHealthy()).toBe(false)
  })

  it('is not kept alive by errors that were joined at a poll', async () => {
    vi.useFakeTimers()
    const { service, engine } = await startedService('App')
    const checker = createHealthChecker({ intervalMs: 1000 })
    checker.register(service)
    await checker.start()
    engine.setHealthCondition('key', 'condition')
    const shown: WeakRef<Error>[] = []
    for (let i = 0; i < 20; i++) {
      engine.emitHealthError(`one ${i}`)
      engine.emitHealthError(`two ${i}`)
      await vi.advanceTimersByTimeAsync(1000)
      shown.push(new WeakRef(checker.snapshot().health.get('App') as Error))
    }
    await checker.close()
    expect(await alive(shown)).toEqual(['one 19\ntwo 19\nkey: condition'])
    expect(checker.isHealthy()).toBe(false)
  })
})
