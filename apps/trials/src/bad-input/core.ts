import * as core from '@svc/core'
import type { ErrorBuffer, RootScope } from '@svc/core'
import type { Methods, Rows } from './slots.ts'

const scope = core.createScope()
const fn = (): void => {}
const reporter = { name: () => 'x', readiness: () => null, healthReport: () => new Map() }
const node = { revision: 0, visit: fn, adopt: fn }
const options = { code: 'TIMEOUT', service: 'x' } as const

export const CORE: Rows<typeof core> = {
  createErrorBuffer: [
    ['options', 'options', (it) => core.createErrorBuffer(it)],
    ['cap', 'optional count', (cap) => core.createErrorBuffer({ cap })],
  ],
  errorTree: [],
  isCancellation: [['signal', 'signal', (it) => core.isCancellation(new Error('x'), it)]],
  attachNode: [
    ['reporter', 'object', (it) => core.attachNode(it, node)],
    ['healthReport', 'function', (healthReport) => core.attachNode({ ...reporter, healthReport }, node)],
    ['node', 'object', (it) => core.attachNode({ ...reporter }, it)],
    ['visit', 'function', (visit) => core.attachNode({ ...reporter }, { ...node, visit })],
    ['adopt', 'function', (adopt) => core.attachNode({ ...reporter }, { ...node, adopt })],
  ],
  nodeOf: [['reporter', 'object', (it) => core.nodeOf(it)]],
  joinErrors: [['errors', 'list', (it) => core.joinErrors(it)]],
  emit: [
    [
      'scope',
      'scope',
      (it) => {
        core.emit(it, { type: 'removed', scope })
      },
    ],
    [
      'event',
      'object',
      (it) => {
        core.emit(scope, it)
      },
    ],
  ],
  runOperation: [
    ['scope', 'scope', (it) => core.runOperation(it, 'task', 'x', fn)],
    ['kind', 'choice', (it) => core.runOperation(scope, it, 'x', fn)],
    ['label', 'string', (it) => core.runOperation(scope, 'task', it, fn)],
    ['function', 'function', (it) => core.runOperation(scope, 'task', 'x', it)],
  ],
  containsError: [
    ['report', 'list, null or undefined', (it) => core.containsError(it, new Error('x'))],
    ['target', 'target', (it) => core.containsError(new Map(), it)],
  ],
  mergeReports: [
    ['reports', 'list', (it) => core.mergeReports(it)],
    ['report', 'list', (it) => core.mergeReports([new Map(), it])],
    ['options', 'options', (it) => core.mergeReports([], it)],
    ['duplicates', 'optional choice', (duplicates) => core.mergeReports([], { duplicates })],
  ],
  reportToJSON: [['report', 'list', (it) => core.reportToJSON(it)]],
  createScope: [
    ['options', 'options', (it) => core.createScope(it)],
    ['name', 'optional string', (name) => core.createScope({ name })],
    ['logger', 'options', (logger) => core.createScope({ logger })],
    ['info', 'function', (info) => core.createScope({ logger: { debug: fn, info, warn: fn, error: fn } })],
    ['exporters', 'optional array', (exporters) => core.createScope({ exporters })],
    ['exporter', 'object', (exporter) => core.createScope({ exporters: [{}, exporter] })],
    ['observe', 'optional function', (observe) => core.createScope({ exporters: [{ observe }] })],
    ['activate', 'optional function', (activate) => core.createScope({ exporters: [{ activate }] })],
    ['flush', 'optional function', (flush) => core.createScope({ exporters: [{ flush }] })],
    ['traceTasks', 'optional boolean', (traceTasks) => core.createScope({ traceTasks })],
    ['detectSelfClose', 'optional boolean', (detectSelfClose) => core.createScope({ detectSelfClose })],
  ],
  isServiceError: [],
  ServiceError: [
    ['options', 'object', (it) => new core.ServiceError('x', it)],
    ['code', 'name', (code) => new core.ServiceError('x', { ...options, code })],
    ['service', 'string', (service) => new core.ServiceError('x', { ...options, service })],
  ],
  sleep: [
    ['delay', 'duration', (it) => core.sleep(it)],
    ['options', 'options', (it) => core.sleep(1, it)],
    ['signal', 'optional signal', (signal) => core.sleep(1, { signal })],
  ],
  toError: [],
}

export const ERROR_BUFFER: Methods<ErrorBuffer> = {
  append: [
    [
      'error',
      'error or any value',
      (it) => {
        core.createErrorBuffer().append(it)
      },
    ],
  ],
  flush: [],
  setCap: [
    [
      'cap',
      'count',
      (it) => {
        core.createErrorBuffer().setCap(it)
      },
    ],
  ],
}

export const ROOT_SCOPE: Methods<RootScope> = {
  drain: [],
  flush: [['signal', 'signal', (it) => scope.flush(it)]],
}
