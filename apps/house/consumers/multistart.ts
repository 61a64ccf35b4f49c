import assert from 'node:assert/strict'
import { closeAll, createMultiStart, multiCloser } from '@svc/multistart'

const log: string[] = []
const service = (name: string): { start: () => void; close: () => void } => ({
  start: () => void log.push(`start ${name}`),
  close: () => void log.push(`close ${name}`),
})

const services = createMultiStart()
await services.start([service('a'), service('b')])
await services.close()
await closeAll([service('c')])
await multiCloser([service('d')]).close()
assert.deepEqual(log, ['start a', 'start b', 'close b', 'close a', 'close c', 'close d'])
