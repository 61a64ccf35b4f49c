import assert from 'node:assert/strict'
import { createStopChan, type StopContext, stopView } from '@svc/stopchan'

const stop = createStopChan()
const child: StopContext = stop.child()
const ended = stop.child()
ended[Symbol.dispose]()
const view = stopView(stop.signal).child({ timeoutMs: 60_000 })

const reason = new Error('closing')
stop.close(reason)
assert.equal(child.signal.reason, reason)
assert.equal(view.signal.aborted, true)
