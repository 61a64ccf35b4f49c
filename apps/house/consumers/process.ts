import assert from 'node:assert/strict'
import { createScope } from '@svc/core'
import { runService } from '@svc/process'

const log: string[] = []
const stop = new AbortController()
const service = {
  start: () => {
    log.push('start')
    setImmediate(() => {
      stop.abort()
    })
  },
  close: () => void log.push('close'),
}
const code = await runService(service, { scope: createScope(), signal: stop.signal })
assert.equal(code, 0)
assert.deepEqual(log, ['start', 'close'])
