import { beforeAll, describe, expect, it, vi } from 'vitest'
import type * as Core from './index.ts'
import type * as Internal from './internal.ts'

type Copy = typeof Core & typeof Internal

async function load(): Promise<Copy> {
  vi.resetModules()
  return { ...(await import('./index.ts')), ...(await import('./internal.ts')) }
}

describe('two installed copies of the package', () => {
  let one: Copy
  let two: Copy

  beforeAll(async () => {
    one = await load()
    two = await load()
  })

  it('are two', () => {
    expect([one.ServiceError === two.ServiceError, one.createScope === two.createScope]).toEqual([false, false])
  })

  it('know the errors of each other', () => {
    const error = new one.ServiceError('Cannot use', { code: 'NOT_STARTED', service: 'App' })
    expect([
      error instanceof two.ServiceError,
      two.isServiceError(error),
      two.isServiceError(error, 'NOT_STARTED'),
      two.isServiceError(error, 'TIMEOUT'),
    ]).toEqual([false, true, true, false])
    // The types fit as well
    const same: Core.ServiceError = new two.ServiceError('x', { code: 'DEADLOCK', service: '' })
    expect(one.isServiceError(same, 'DEADLOCK')).toBe(true)
  })

  it('flatten what the other has joined', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((message) => new Error(message)) as [Error, Error, Error]
    expect((two.joinErrors([one.joinErrors([a, b]), c]) as AggregateError).errors).toEqual([a, b, c])
  })

  it('find the node that the other has attached', () => {
    const node = { revision: 1, visit: () => {}, adopt: () => {} }
    const reporter = one.attachNode({ name: () => 'a', readiness: () => null, healthReport: () => new Map() }, node)
    expect([two.nodeOf(reporter), two.nodeOf({ ...reporter })]).toEqual([node, node])
  })

  it('share what belongs to a root scope, and its switches', () => {
    const key = Symbol.for('@svc/test@1')
    const scope = one.createScope({ name: 'App', traceTasks: true, detectSelfClose: true })
    const child = new two.ChildScope('Child', scope)
    const made = one.sharedOf(scope, key, () => ({}))
    expect([
      child.id,
      two.sharedOf(child, key, () => ({})) === made,
      two.tracesTasks(child),
      two.detectsSelfClose(child),
    ]).toEqual(['App.Child', true, true, true])
  })

  it('work under a scope of the other', async () => {
    const events: string[] = []
    const lines: string[] = []
    const log = (fields: object): void => void lines.push((fields as { service: string }).service)
    const scope = one.createScope({
      exporters: [{ observe: ({ type }) => void events.push(type) }],
      logger: { debug: log, info: log, warn: log, error: log },
    })
    const child = new one.ChildScope('B', new two.ChildScope('A', scope))
    child.logger.info({}, 'x')
    await two.runOperation(child, 'task', 'poll', () => {})
    scope.drain()
    expect([events, lines, child.draining.aborted]).toEqual([['begin', 'end'], ['A.B'], true])
  })

  it('have one signal between them for a tree that never drains', () => {
    const alone = new one.ChildScope('A', undefined)
    const child = new two.ChildScope('B', alone)
    expect(child.draining).toBe(alone.draining)
  })
})
