import type { Service } from '@svc/core'
import * as engines from '@svc/engine'
import type { Engine, EngineService } from '@svc/engine'
import * as health from '@svc/health'
import type { HealthChecker } from '@svc/health'
import * as http from '@svc/http'
import { createTestScope } from '@svc/testing'
import type { Methods, Rows, Slot } from './slots.ts'

/** What nothing must be told to as long as every call is refused. */
export const scope: ReturnType<typeof createTestScope> = createTestScope()
const { createService, createServiceEngine } = engines
const fn = (): void => {}
const good: Service = { ...createService({ name: 'Good' }) }

function config(make: (config: never) => unknown): Slot[] {
  const of = (option: object): unknown => make({ name: 'x', parent: scope, ...option } as never)
  return [
    ['config', 'object', make],
    ['name', 'name', (name) => of({ name })],
    ['parent', 'optional scope', (parent) => of({ parent })],
    ['subServices', 'optional function', (subServices) => of({ subServices })],
    ['subServices', 'array', (it) => of({ subServices: () => it })],
    ['sub-service', 'service', (it) => of({ subServices: () => [good, it] })],
    ['start', 'optional function', (start) => of({ start })],
    ['close', 'optional function', (close) => of({ close })],
    ['closeOrder', 'optional choice', (closeOrder) => of({ closeOrder })],
    ['startTimeoutMs', 'optional duration', (startTimeoutMs) => of({ startTimeoutMs })],
    ['closeTimeoutMs', 'optional duration', (closeTimeoutMs) => of({ closeTimeoutMs })],
  ]
}

export const ENGINE: Rows<typeof engines> = {
  createService: config(createService),
  createServiceEngine: config(createServiceEngine),
}

export const started: { service: EngineService; engine: Engine } = createServiceEngine({ name: 'E', parent: scope })
const { service, engine } = started

export const ENGINE_SERVICE: Methods<EngineService> = {
  start: [['signal', 'optional signal', (it) => createService({ name: 'x', parent: scope }).start(it)]],
  close: [['signal', 'optional signal', (it) => service.close(it)]],
  name: [],
  readiness: [],
  healthReport: [],
}

export const ENGINE_METHODS: Methods<Engine> = {
  go: [
    [
      'task',
      'function',
      (it) => {
        engine.go(it)
      },
    ],
    [
      'options',
      'options',
      (it) => {
        engine.go(fn, it)
      },
    ],
    [
      'label',
      'optional name',
      (label) => {
        engine.go(fn, { label })
      },
    ],
    [
      'signal',
      'optional signal',
      (signal) => {
        engine.go(fn, { signal })
      },
    ],
  ],
  goTick: [
    [
      '',
      'object',
      (it) => {
        engine.goTick(it, fn)
      },
    ],
    [
      'periodMs',
      'period',
      (periodMs) => {
        engine.goTick({ periodMs }, fn)
      },
    ],
    [
      'initialMs',
      'optional duration',
      (initialMs) => {
        engine.goTick({ periodMs: 1, initialMs }, fn)
      },
    ],
    [
      'jitter',
      'optional fraction',
      (jitter) => {
        engine.goTick({ periodMs: 1, jitter }, fn)
      },
    ],
    [
      'stop',
      'function',
      (stop) => {
        engine.goTick({ next: fn, stop } as never, fn)
      },
    ],
    [
      'tick function',
      'function',
      (it) => {
        engine.goTick({ periodMs: 1 }, it)
      },
    ],
    [
      'options',
      'options',
      (it) => {
        engine.goTick({ periodMs: 1 }, fn, it)
      },
    ],
    [
      'label',
      'optional name',
      (label) => {
        engine.goTick({ periodMs: 1 }, fn, { label })
      },
    ],
  ],
  startSubService: [
    ['sub-service', 'service', (it) => engine.startSubService(it)],
    ['name', 'name', (name) => engine.startSubService({ ...good, name: () => name, healthReport: () => new Map() })],
    ['options', 'options', (it) => engine.startSubService(good, it)],
    ['signal', 'optional signal', (signal) => engine.startSubService(good, { signal })],
  ],
  closeSubService: [['sub-service', 'service', (it) => engine.closeSubService(it)]],
  emitHealthError: [
    [
      'error',
      'error or any value',
      (it) => {
        engine.emitHealthError(it)
      },
    ],
  ],
  setHealthCondition: [
    [
      'key',
      'name',
      (it) => {
        engine.setHealthCondition(it, new Error('x'))
      },
    ],
    [
      'condition',
      'error or any value',
      (it) => {
        engine.setHealthCondition('x', it)
      },
    ],
  ],
  clearHealthCondition: [
    [
      'key',
      'name',
      (it) => {
        engine.clearHealthCondition(it)
      },
    ],
  ],
  newHealthCondition: [['condition', 'error or any value', (it) => engine.newHealthCondition(it)]],
  child: [
    ['options', 'options', (it) => engine.child(it)],
    ['signal', 'optional signal', (signal) => engine.child({ signal })],
    ['timeoutMs', 'optional duration', (timeoutMs) => engine.child({ timeoutMs })],
  ],
  bind: [
    ['controller', 'object', (it) => engine.bind(it)],
    ['abort', 'function', (abort) => engine.bind({ signal: new AbortController().signal, abort })],
    ['signal', 'signal', (signal) => engine.bind({ signal, abort: fn })],
  ],
  ifStarted: [['function', 'function', (it) => engine.ifStarted(it)]],
  ifNotStopped: [['function', 'function', (it) => engine.ifNotStopped(it)]],
  assertStarted: [],
}

export const HEALTH: Rows<typeof health> = {
  createHealthChecker: [
    ['options', 'options', (it) => health.createHealthChecker(it)],
    ['parent', 'optional scope', (parent) => health.createHealthChecker({ parent })],
    ['version', 'optional string', (version) => health.createHealthChecker({ parent: scope, version })],
    ['commit', 'optional string', (commit) => health.createHealthChecker({ parent: scope, commit })],
    ['intervalMs', 'optional period', (intervalMs) => health.createHealthChecker({ parent: scope, intervalMs })],
  ],
}

export const checker: HealthChecker = health.createHealthChecker({ parent: scope })

export const HEALTH_CHECKER: Methods<HealthChecker> = {
  register: [
    ['reporter', 'reporter', (it) => checker.register(it)],
    ['name', 'name', (name) => checker.register({ ...good, name: () => name })],
  ],
  unregister: [
    [
      'name',
      'name',
      (it) => {
        checker.unregister(it)
      },
    ],
  ],
  start: [['signal', 'optional signal', (it) => checker.start(it)]],
  close: [['signal', 'optional signal', (it) => checker.close(it)]],
  isReady: [],
  isHealthy: [],
  snapshot: [],
  name: [],
  readiness: [],
  healthReport: [],
}

const served = (option: Partial<http.HttpServiceOptions>): unknown =>
  http.createHttpService({ name: 'x', parent: scope, handler: () => new Response(), ...option })

export const HTTP: Rows<typeof http> = {
  createHttpService: [
    ['options', 'object', (it) => http.createHttpService(it)],
    ['name', 'name', (name) => served({ name })],
    ['parent', 'scope', (parent) => served({ parent })],
    ['host', 'optional name', (host) => served({ host })],
    ['port', 'port', (port) => served({ port })],
    ['handler', 'function', (handler) => served({ handler })],
    ['upgrade', 'optional function', (upgrade) => served({ upgrade })],
    ['serverOptions', 'options', (serverOptions) => served({ serverOptions })],
  ],
}

const server = http.createHttpService({ name: 'Server', parent: scope, handler: () => new Response() })

export const HTTP_SERVICE: Methods<http.HttpService> = {
  start: [['signal', 'optional signal', (it) => server.start(it)]],
  close: [['signal', 'optional signal', (it) => server.close(it)]],
  url: [],
  name: [],
  readiness: [],
  healthReport: [],
}
