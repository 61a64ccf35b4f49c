import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ChildScope } from './child-scope.ts'
import type { Exporter } from './events.ts'
import { type Logger, SILENT } from './logger.ts'
import { createScope, detectsSelfClose, sharedOf, tracesTasks } from './scope.ts'

function recorder(): Logger & { readonly lines: readonly string[] } {
  const lines: string[] = []
  const log = (fields: object, message: string): void => {
    const { err, service } = fields as { err?: Error; service?: string }
    lines.push([service, message, err?.message].filter((part) => part !== undefined).join(' | '))
  }
  return { debug: log, info: log, warn: log, error: log, lines }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('createScope()', () => {
  it('has no name, no parent, no exporters and a silent logger unless given', () => {
    const { id, name, parent, logger, exporters, draining } = createScope()
    expect([id, name, parent, logger, exporters, draining.aborted]).toEqual(['', '', undefined, SILENT, [], false])
  })

  it('takes what it is given', () => {
    const logger = recorder()
    const exporter: Exporter = {}
    const exporters = [exporter]
    const scope = createScope({ name: 'Relay', logger, exporters })
    exporters.push({})
    expect([scope.id, scope.name, scope.logger === logger, scope.exporters]).toEqual([
      'Relay',
      'Relay',
      true,
      [exporter],
    ])
  })

  it('takes options that are forwarded and not there', () => {
    const scope = createScope({
      name: undefined,
      logger: undefined,
      exporters: undefined,
      traceTasks: undefined,
      detectSelfClose: undefined,
    })
    expect([scope.id, tracesTasks(scope), detectsSelfClose(scope)]).toEqual(['', false, false])
  })

  it('has its switches known to all below it', () => {
    const scope = createScope({ traceTasks: true, detectSelfClose: true })
    const child = new ChildScope('b', new ChildScope('a', scope))
    expect([tracesTasks(child), detectsSelfClose(child)]).toEqual([true, true])
  })

  it('drains: the signal aborts once, with one reason, for all below it', () => {
    const scope = createScope()
    const child = new ChildScope('a', scope)
    const heard = vi.fn<() => void>()
    child.draining.addEventListener('abort', heard)
    scope.drain()
    scope.drain()
    expect([child.draining.aborted, heard.mock.calls.length, (child.draining.reason as Error).message]).toEqual([
      true,
      1,
      'The program is draining',
    ])
    expect(createScope().draining.aborted).toBe(false)
  })

  it('can be used detached', () => {
    const scope = createScope()
    const { drain } = scope
    drain()
    expect(scope.draining.aborted).toBe(true)
  })
})

describe('the flush of a scope', () => {
  const budget = (): AbortController => new AbortController()

  it('flushes every exporter at once and waits for all', async () => {
    const log: string[] = []
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const exporters = gates.map((gate, i) => ({
      flush: async (): Promise<void> => {
        log.push(`${i} begins`)
        await gate.promise
        log.push(`${i} ends`)
      },
    }))
    const { signal } = budget()
    const flushed = createScope({ exporters: [{}, ...exporters] })
      .flush(signal)
      .then(() => log.push('flushed'))
    gates[1]?.resolve()
    await new Promise(setImmediate)
    log.push('-')
    gates[0]?.resolve()
    await flushed
    expect(log).toEqual(['0 begins', '1 begins', '1 ends', '-', '0 ends', 'flushed'])
  })

  it('hands the budget to each, and leaves no listener on it', async () => {
    const { signal } = budget()
    const given: unknown[] = []
    const exporter = {
      flush: async (it: AbortSignal): Promise<void> => {
        given.push(it === signal, getEventListeners(signal, 'abort').length)
      },
    }
    await createScope({ exporters: [exporter] }).flush(signal)
    expect([given, getEventListeners(signal, 'abort').length]).toEqual([[true, 1], 0])
  })

  it('logs one that throws or rejects, and never rejects itself', async () => {
    const logger = recorder()
    const fail = (): never => {
      throw new Error('no collector')
    }
    await createScope({ logger, exporters: [{ flush: fail }, { flush: async () => fail() }] }).flush(budget().signal)
    const line =
      'An exporter failed in "flush": this is dropped, and its further failures are not logged | no collector'
    expect(logger.lines).toEqual([line, line])
  })

  it('does not wait longer for one that hangs than the budget is, and says so once', async () => {
    const logger = recorder()
    const controller = budget()
    const late = Promise.withResolvers<void>()
    const log: string[] = []
    const flushed = createScope({ logger, exporters: [{ flush: () => late.promise }, { flush: async () => {} }] })
      .flush(controller.signal)
      .then(() => log.push('flushed'))
    await new Promise(setImmediate)
    log.push('budget ends')
    controller.abort()
    await flushed
    late.reject(new Error('too late to matter'))
    await new Promise(setImmediate)
    expect([log, logger.lines, getEventListeners(controller.signal, 'abort').length]).toEqual([
      ['budget ends', 'flushed'],
      [
        'An exporter failed in "flush": this is dropped, and its further failures are not logged | The flush had not ended when its budget did',
      ],
      0,
    ])
  })

  it('begins every flush, and waits for none, when the budget has ended before', async () => {
    const begun: number[] = []
    const hang = (i: number) => (): Promise<void> => {
      begun.push(i)
      return new Promise(() => {})
    }
    await createScope({ exporters: [{ flush: hang(0) }, { flush: hang(1) }] }).flush(AbortSignal.abort())
    expect(begun).toEqual([0, 1])
  })
})

describe('a scope below another one', () => {
  it('has the full name, its own logger and the exporters of the root', () => {
    const logger = recorder()
    const exporter: Exporter = {}
    const scope = createScope({ name: 'App', logger, exporters: [exporter] })
    const child = new ChildScope('Pool', new ChildScope('Database', scope))
    child.logger.info({}, 'Started')
    expect([child.id, child.name, child.exporters, logger.lines, child.logger === child.logger]).toEqual([
      'App.Database.Pool',
      'Pool',
      [exporter],
      ['App.Database.Pool | Started'],
      true,
    ])
  })

  it('takes names for data', () => {
    const names = ['__proto__', 'a.b', '"', '\n', '😀']
    let scope = new ChildScope('top', createScope())
    for (const name of names) scope = new ChildScope(name, scope)
    expect([scope.id, scope.name]).toEqual(['top.__proto__.a.b.".\n.😀', '😀'])
  })

  it('lives without a root: silent, no exporters, never draining', () => {
    const alone = new ChildScope('alone', undefined)
    const child = new ChildScope('child', alone)
    expect([child.id, child.logger, child.exporters, child.draining.aborted]).toEqual([
      'alone.child',
      SILENT,
      [],
      false,
    ])
    expect(child.draining).toBe(alone.draining)
  })
})

describe('sharedOf()', () => {
  it('is made once for all under one root, and not for another', () => {
    const key = Symbol('key')
    const make = vi.fn<() => object>(() => ({}))
    const scope = createScope()
    const other = createScope()
    const shared = [scope, new ChildScope('a', scope), new ChildScope('b', new ChildScope('c', scope)), other]
    const values = new Set(shared.map((it) => sharedOf(it, key, make)))
    expect([values.size, make.mock.calls.length, Object.keys(scope).includes('key')]).toEqual([2, 2, false])
  })
})
