import assert from 'node:assert/strict'
import { createService, createServiceEngine, type Engine, type ServiceConfig } from '@svc/engine'

const log: string[] = []
const child = (engine: Engine): ReturnType<typeof createService> =>
  createService({ name: 'Child', parent: engine, close: () => void log.push('close child') })
const config: ServiceConfig = {
  name: 'App',
  subServices: (engine) => [child(engine)],
  start: (engine) => {
    engine.go(async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
      log.push('task ended')
    })
  },
}
const { service, engine } = createServiceEngine(config)
await service.start()
engine.setHealthCondition('disk', new Error('full'))
assert.deepEqual([...service.healthReport().keys()].toSorted(), ['App', 'App.Child'])
assert.equal(service.healthReport().get('App')?.message, 'disk: full')
await service.close()
assert.deepEqual(log.toSorted(), ['close child', 'task ended'])
