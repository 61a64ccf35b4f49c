import { diag, DiagLogLevel } from '@opentelemetry/api'
import { createScope, type RootScope } from '@svc/core'
import { createService } from '@svc/engine'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { line } from './fixtures/line-3.ts'
import { child, perform } from './fixtures/world.ts'
import type { Flush } from './flush.ts'
import { otel } from './otel.ts'
import type { OtelOptions } from './otel-options.ts'

/** A scope with one exporter over a provider that records. */
function createTraced(options: OtelOptions): RootScope {
  return createScope({ exporters: [otel({ tracerProvider: line.createSdk().provider, ...options })] })
}

const never = (): AbortSignal => new AbortController().signal

describe('flush()', () => {
  afterEach(() => diag.disable())

  it('calls option "flush" in place of the provider\'s', async () => {
    const { provider } = line.createSdk()
    const log: string[] = []
    vi.spyOn(provider, 'forceFlush').mockImplementation(async () => void log.push('provider'))
    const flush = async (): Promise<void> => void log.push('option')
    await otel({ tracerProvider: provider, flush }).flush?.(never())
    await otel({ tracerProvider: provider }).flush?.(never())
    expect(log).toEqual(['option', 'provider'])
  })

  it('does nothing for a provider that has none, and for the global one', async () => {
    const tracerProvider = { getTracer: line.createSdk().provider.getTracer.bind(line.createSdk().provider) }
    const flushed = await Promise.all([otel({ tracerProvider }).flush?.(never()), otel().flush?.(never())])
    expect(flushed).toEqual([undefined, undefined])
  })

  it('tells the diagnostic log, and nobody else, that it failed', async () => {
    const warnings: unknown[][] = []
    const ignore = (): void => {}
    const warn = (...args: unknown[]): void => void warnings.push(args)
    diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ALL)
    const [rejected, thrown] = [new Error('collector is down'), new Error('no collector')]
    await otel({ flush: () => Promise.reject(rejected) }).flush?.(never())
    await otel({
      flush: () => {
        throw thrown
      },
    }).flush?.(never())
    expect(warnings).toEqual([
      ['@svc/otel: a flush failed', rejected],
      ['@svc/otel: a flush failed', thrown],
    ])
  })

  it('comes after what was still to be recorded', async () => {
    const { provider, spans } = line.createSdk()
    let recorded: readonly string[] = []
    const flush = async (): Promise<void> => void (recorded = spans().map((span) => span.name))
    const exporter = otel({ tracerProvider: provider, flush })
    const flushed = {
      type: 'flush',
      scope: child('App', createScope()),
      errors: [new Error('late')],
      dropped: 0,
      at: 1,
    } as const
    exporter.observe?.(flushed)
    await exporter.flush?.(never())
    expect(recorded).toEqual(['flush App'])
  })

  it('ends when its budget does, whatever the collector does, and leaves no listener', async () => {
    const budget = new AbortController()
    const [added, removed] = [
      vi.spyOn(budget.signal, 'addEventListener'),
      vi.spyOn(budget.signal, 'removeEventListener'),
    ]
    const log: string[] = []
    const flushed = otel({ flush: () => new Promise(() => {}) })
      .flush?.(budget.signal)
      .then(() => log.push('flushed'))
    await new Promise((resolve) => void setImmediate(resolve))
    log.push('budget ends')
    budget.abort()
    await flushed
    expect(log).toEqual(['budget ends', 'flushed'])
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
  })

  it('begins, and is not awaited, when there is no budget left', async () => {
    const begun = vi.fn<Flush>(() => new Promise(() => {}))
    await otel({ flush: begun }).flush?.(AbortSignal.abort())
    expect(begun).toHaveBeenCalledTimes(1)
  })

  it('refuses what is no signal', async () => {
    const flush = vi.fn<Flush>(() => Promise.resolve())
    for (const signal of [null, 1, 'signal', {}, new AbortController()]) {
      await expect(otel({ flush }).flush?.(signal as never)).rejects.toThrow(TypeError)
    }
    expect(flush).not.toHaveBeenCalled()
  })
})

describe('the flush in the background', () => {
  const app = (parent: RootScope, start?: () => void): ReturnType<typeof createService> =>
    createService({
      name: 'App',
      parent,
      start,
      subServices: (engine) => [createService({ name: 'Part', parent: engine })],
    })

  it('follows the outermost start, so that a program that crashes has told how it started', async () => {
    const log: string[] = []
    const service = app(createTraced({ flush: async () => void log.push('flushed') }), () => log.push('starting'))
    await service.start()
    await service.close()
    expect(log).toEqual(['starting', 'flushed'])
  })

  it('follows a start that failed', async () => {
    const flush = vi.fn<Flush>(() => Promise.resolve())
    const service = app(createTraced({ flush }), () => {
      throw new Error('port 80 is taken')
    })
    await expect(service.start()).rejects.toThrow(Error)
    expect(flush).toHaveBeenCalledTimes(1)
  })

  it('never rejects, and keeps nobody waiting', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    await app(createTraced({ flush: () => Promise.reject(new Error('down')) })).start()
    await app(createTraced({ flush: () => new Promise(() => {}) })).start()
    await new Promise((resolve) => void setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('is one for all that start during it', async () => {
    const first = Promise.withResolvers<void>()
    const flush = vi.fn<Flush>().mockReturnValueOnce(first.promise).mockResolvedValue()
    const scope = createTraced({ flush })
    for (const name of ['A', 'B', 'C', 'D']) await createService({ name, parent: scope }).start()
    const during = flush.mock.calls.length
    first.resolve()
    await new Promise((resolve) => void setImmediate(resolve))
    expect([during, flush.mock.calls.length]).toEqual([1, 2])
  })

  it('does not follow a start inside of one, nor one of a service that comes later', async () => {
    const flush = vi.fn<Flush>(() => Promise.resolve())
    const scope = createTraced({ flush })
    const parent = await perform(child('App', scope), 'start', (operation) =>
      perform(child('Elsewhere', scope), 'start', () => {}, { parent: operation }),
    )
    await perform(child('Job', parent.scope), 'start')
    await new Promise((resolve) => void setImmediate(resolve))
    expect(flush).toHaveBeenCalledTimes(1)
  })

  it('does not follow where nothing is recorded', async () => {
    const flush = vi.fn<Flush>(() => Promise.resolve())
    await app(createScope({ exporters: [otel({ flush })] })).start()
    expect(flush).not.toHaveBeenCalled()
  })
})
