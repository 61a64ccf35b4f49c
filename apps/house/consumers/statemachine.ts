import assert from 'node:assert/strict'
import { createStateMachine, type StateMachine } from '@svc/statemachine'

const machine: StateMachine = createStateMachine({ name: 'Machine' })
await assert.rejects(
  machine.stopOnce(() => undefined),
  { code: 'CANNOT_STOP_UNSTARTED' },
)
await machine.startOnce(() => undefined)
machine.assertStarted()
assert.equal(await machine.ifStarted(() => 7), 7)
await machine.stopOnce(() => Promise.resolve())
assert.equal(machine.state(), 'Stopped')
