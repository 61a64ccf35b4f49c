import * as core from '@svc/core'
import * as dashboard from '@svc/dashboard'
import * as engine from '@svc/engine'
import * as health from '@svc/health'
import * as http from '@svc/http'
import * as multistart from '@svc/multistart'
import * as otel from '@svc/otel'
import * as probes from '@svc/probes'
import * as process_ from '@svc/process'
import * as prometheus from '@svc/prometheus'
import * as statemachine from '@svc/statemachine'
import * as stopchan from '@svc/stopchan'
import * as testing from '@svc/testing'
import * as ticker from '@svc/ticker'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as cores from './bad-input/core.ts'
import * as edges from './bad-input/edges.ts'
import * as primitives from './bad-input/primitives.ts'
import * as services from './bad-input/services.ts'
import { type Slot, WRONG } from './bad-input/slots.ts'

type Table = Readonly<Record<string, readonly Slot[]>>

/** Every package: what it exports, and the rows for it. */
const MODULES: readonly (readonly [string, object, Table])[] = [
  ['core', core, cores.CORE],
  ['stopchan', stopchan, primitives.STOPCHAN],
  ['statemachine', statemachine, primitives.STATEMACHINE],
  ['multistart', multistart, primitives.MULTISTART],
  ['ticker', ticker, primitives.TICKER],
  ['engine', engine, services.ENGINE],
  ['health', health, services.HEALTH],
  ['http', http, services.HTTP],
  ['probes', probes, edges.PROBES],
  ['process', process_, edges.PROCESS],
  ['testing', testing, edges.TESTING],
  ['otel', otel, edges.OTEL],
  ['prometheus', prometheus, edges.PROMETHEUS],
  ['dashboard', dashboard, edges.DASHBOARDS],
]

/** What they give back; that no method is missing here is a matter of types. */
const INTERFACES: readonly (readonly [string, Table])[] = [
  ['ErrorBuffer', cores.ERROR_BUFFER],
  ['RootScope', cores.ROOT_SCOPE],
  ['StopChan', primitives.STOP_CHAN],
  ['StopContext', primitives.STOP_CONTEXT],
  ['StateMachine', primitives.STATE_MACHINE],
  ['MultiStart', primitives.MULTI_START],
  ['multiCloser()', primitives.MULTI_CLOSER],
  ['Ticker', primitives.TICKER_METHODS],
  ['EngineService', services.ENGINE_SERVICE],
  ['Engine', services.ENGINE_METHODS],
  ['HealthChecker', services.HEALTH_CHECKER],
  ['HttpService', services.HTTP_SERVICE],
  ['Probes', edges.PROBES_HANDLER],
  ['otel()', edges.OTEL_EXPORTER],
  ['Dashboard', edges.DASHBOARD],
  ['Dashboard.handler()', edges.DASHBOARD_HANDLER],
  ['TestScope', edges.TEST_SCOPE],
]

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof AbortController) return 'an AbortController'
  if (value instanceof Set) return 'a set'
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** What a call gives at once, and whether it has thrown there. */
function attempt(call: () => unknown): { readonly result: unknown; readonly threw: boolean } {
  try {
    return { result: call(), threw: false }
  } catch (error) {
    return { result: error, threw: true }
  }
}

const isPromise = (value: unknown): value is Promise<unknown> => value instanceof Promise

/** What must not change as long as every call is refused. */
function changes(): unknown[] {
  const { scope, started, checker } = services
  const listeners = ['SIGTERM', 'SIGINT', 'uncaughtException'].map((name) => process.listenerCount(name))
  const states = [primitives.machine.state(), primitives.chan.signal.aborted, started.engine.signal.aborted]
  const health = [started.service.healthReport(), checker.snapshot(), checker.readiness()]
  // Reading a report is an event of its own.
  const events = scope.events.filter(({ type }) => type !== 'flush').length
  return [events, vi.getTimerCount(), ...listeners, ...states, ...health]
}

beforeAll(async () => {
  await services.started.service.start()
  vi.useFakeTimers()
})
afterAll(async () => {
  vi.useRealTimers()
  await services.started.service.close()
  services.scope.assertNothingLeaked()
})

const tables = [...MODULES.map(([name, , table]) => [`@svc/${name}`, table] as const), ...INTERFACES]
const slots = tables.flatMap(([of, table]) =>
  Object.entries(table).flatMap(([name, row]) =>
    row.flatMap(([what, kind, call]) =>
      WRONG[kind].map((value): [string, string, string, string, unknown, Slot[2]] => [
        of,
        name,
        what,
        show(value),
        value,
        call,
      ]),
    ),
  ),
)

async function expectRefusal(what: string, value: unknown, call: Slot[2]): Promise<void> {
  const before = changes()
  const { result, threw } = attempt(() => call(value as never))
  const error: unknown = threw || !isPromise(result) ? result : await result.catch((thrown: unknown) => thrown)
  expect(error).toSatisfy((it) => it instanceof TypeError || it instanceof RangeError)
  const { message } = error as Error
  expect(message).toMatch(/^Cannot .*: .*expected .*/)
  expect(message).toContain(what)
  expect(changes()).toEqual(before)
}

describe('bad input', () => {
  it.each(MODULES)('@svc/%s: every exported function is tried here, and nothing else', (_, module, table) => {
    const functions = Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
    expect(Object.keys(table).toSorted()).toEqual(functions.toSorted())
  })

  it.each(slots)('%s: %s() refuses %s: %s', async (_of, _name, what, _, value, call) => {
    await expectRefusal(what, value, call)
  })
})
