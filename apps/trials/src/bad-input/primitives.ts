import * as multistart from '@svc/multistart'
import type { MultiStart } from '@svc/multistart'
import * as statemachine from '@svc/statemachine'
import type { StateMachine } from '@svc/statemachine'
import * as stopchan from '@svc/stopchan'
import type { StopChan, StopContext } from '@svc/stopchan'
import * as ticker from '@svc/ticker'
import type { Ticker } from '@svc/ticker'
import type { Methods, Rows } from './slots.ts'

export const STATEMACHINE: Rows<typeof statemachine> = {
  createStateMachine: [
    ['options', 'object', (it) => statemachine.createStateMachine(it)],
    ['name', 'name', (name) => statemachine.createStateMachine({ name })],
    ['parent', 'optional scope', (parent) => statemachine.createStateMachine({ name: 'x', parent })],
  ],
}

export const machine: StateMachine = statemachine.createStateMachine({ name: 'M' })

export const STATE_MACHINE: Methods<StateMachine> = {
  startOnce: [['function', 'function', (it) => machine.startOnce(it)]],
  stopOnce: [['function', 'function', (it) => machine.stopOnce(it)]],
  ifStarted: [['function', 'function', (it) => machine.ifStarted(it)]],
  ifNotStopped: [['function', 'function', (it) => machine.ifNotStopped(it)]],
  assertStarted: [],
  state: [],
  readiness: [],
  health: [],
}

export const STOPCHAN: Rows<typeof stopchan> = {
  createStopChan: [],
  stopView: [['signal', 'signal', (it) => stopchan.stopView(it)]],
}

export const chan: StopChan = stopchan.createStopChan()
const { signal } = new AbortController()

export const STOP_CHAN: Methods<StopChan> = {
  close: [],
  child: [
    ['options', 'options', (it) => chan.child(it)],
    ['signal', 'optional signal', (it) => chan.child({ signal: it })],
    ['timeoutMs', 'optional duration', (timeoutMs) => chan.child({ signal, timeoutMs })],
  ],
  bind: [
    ['controller', 'object', (it) => chan.bind(it)],
    ['abort', 'function', (abort) => chan.bind({ signal, abort })],
    ['signal', 'signal', (it) => chan.bind({ signal: it, abort: () => {} })],
  ],
}

export const STOP_CONTEXT: Methods<StopContext> = { cancel: [] }

export const TICKER: Rows<typeof ticker> = {
  applyJitter: [
    ['duration', 'duration', (it) => ticker.applyJitter(it, 0)],
    ['jitter', 'fraction', (it) => ticker.applyJitter(1, it)],
  ],
  createTicker: [
    ['options', 'object', (it) => ticker.createTicker(it)],
    ['periodMs', 'period', (periodMs) => ticker.createTicker({ periodMs })],
    ['initialMs', 'optional duration', (initialMs) => ticker.createTicker({ periodMs: 1, initialMs })],
    ['jitter', 'optional fraction', (jitter) => ticker.createTicker({ periodMs: 1, jitter })],
  ],
}

const ticks = ticker.createTicker({ periodMs: 1000 })

export const TICKER_METHODS: Methods<Ticker> = {
  next: [['signal', 'optional signal', (it) => ticks.next(it)]],
  reset: [],
  stop: [],
}

const good = { start: () => {}, close: () => {} }

export const MULTISTART: Rows<typeof multistart> = {
  closeAll: [
    ['things to close', 'list', (it) => multistart.closeAll(it)],
    ['closable', 'closable', (it) => multistart.closeAll([good, it])],
    ['options', 'options', (it) => multistart.closeAll([], it)],
    ['signal', 'optional signal', (it) => multistart.closeAll([], { signal: it })],
  ],
  multiCloser: [
    ['things to close', 'list', (it) => multistart.multiCloser(it)],
    ['closable', 'closable', (it) => multistart.multiCloser([good, it])],
  ],
  createMultiStart: [],
}

const all = multistart.createMultiStart()

export const MULTI_START: Methods<MultiStart> = {
  start: [
    ['services', 'array', (it) => all.start(it)],
    ['service', 'startable', (it) => all.start([good, it])],
    ['options', 'options', (it) => all.start([], it)],
    ['signal', 'optional signal', (it) => all.start([], { signal: it })],
  ],
  close: [['signal', 'optional signal', (it) => all.close(it)]],
  closeBecause: [
    ['reason', 'error', (it) => all.closeBecause(it)],
    ['signal', 'optional signal', (it) => all.closeBecause(new Error('x'), it)],
  ],
}

export const MULTI_CLOSER: Methods<ReturnType<typeof multistart.multiCloser>> = {
  close: [['signal', 'optional signal', (it) => multistart.multiCloser([good]).close(it)]],
}
