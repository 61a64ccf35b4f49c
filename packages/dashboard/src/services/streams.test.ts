import { getEventListeners } from 'node:events'
import { emit } from '@svc/core'
import { createServiceEngine, type Engine } from '@svc/engine'
import { createHttpService } from '@svc/http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Program, startProgram } from '../fixtures/program.ts'

/** As the page is sent it. */
interface Frame {
  readonly id: string
  readonly at: number
  readonly title?: string
  readonly keys?: readonly string[]
  readonly nodes?: readonly (readonly string[])[]
  readonly moves?: readonly (readonly string[])[]
  readonly pieces?: readonly (readonly string[])[]
  readonly gone?: readonly string[]
  /** How many bytes it took. */
  readonly size: number
}

interface Reader {
  next(): Promise<Frame>
  /** Skips others. */
  until(is: (frame: Frame) => boolean): Promise<Frame>
  cancel(): Promise<void>
}

/** Opens a stream that goes on from what a page has. */
async function open({ get }: Program, known?: string, init?: RequestInit): Promise<Reader> {
  const response = await get(`/debug/events?from=${known ?? knownOf(await (await get('/')).text())}`, init)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  onTestFinished(() => reader.cancel().catch(() => {}))
  const next = async (): Promise<Frame> => {
    const { value, done } = await reader.read()
    if (done) throw new Error('The stream has ended')
    const text = new TextDecoder().decode(value)
    const [, id = '', data = ''] = /^retry: \d+\nid: (.*)\ndata: (.*)\n\n$/.exec(text) ?? []
    return { ...(JSON.parse(data) as Frame), id, size: value.length }
  }
  const until = async (is: (frame: Frame) => boolean): Promise<Frame> => {
    for (;;) {
      const frame = await next()
      if (is(frame)) return frame
    }
  }
  return { next, until, cancel: () => reader.cancel() }
}

const knownOf = (page: string): string => /data-known="(.*?)"/.exec(page)?.[1] ?? ''
const keyOf = (page: string, id: string): string =>
  new RegExp(`<li class="node service"\\s+id="(.*?)"[^>]*data-id="${id}"`).exec(page)?.[1] ?? ''

describe('the stream of events', () => {
  it('begins with what the page lacks, and then sends what has changed alone', async () => {
    const program = await startProgram(['Store', 'Api', 'Queue'])
    const page = await program.page()
    const reader = await open(program, knownOf(page))
    expect(await reader.next()).toMatchObject({ at: expect.any(Number), id: knownOf(page) })
    program.engines.get('Api')?.setHealthCondition('disk', new Error('full'))
    const frame = await reader.until(({ pieces }) => pieces !== undefined)
    const api = keyOf(page, 'App.Api')
    expect(frame.title).toBe('1 of 5 services is unhealthy · App')
    expect(frame.pieces?.map(([id, , level]) => [id, level])).toEqual([
      ['head-s', 'bad'],
      ['head-m', 'bad'],
      [`${keyOf(page, 'App')}-b`, 'good'],
      [`${api}-b`, 'bad'],
      [`${api}-s`, 'bad'],
      [`${api}-m`, 'bad'],
    ])
    expect(frame.nodes?.map(([key, list, after]) => [key, list, after])).toEqual([[`p-${api}`, 'problems', '']])
    expect([frame.keys, frame.gone, frame.size < 4000]).toEqual([undefined, [], true])
  })

  it('tells what comes, goes and moves', async () => {
    const program = await startProgram(['Store'])
    const page = await program.page()
    const reader = await open(program, knownOf(page))
    const app = program.engines.get('App') as Engine
    const store = program.engines.get('Store') as Engine
    const make = (name: string, parent: Engine): ReturnType<typeof createServiceEngine> =>
      createServiceEngine({ name, parent })
    const [one, two] = [make('One', app), make('Two', store)]
    await app.startSubService(one.service)
    await store.startSubService(two.service)
    const now = await program.page()
    const came = await reader.until(({ nodes = [] }) => nodes.some(([key]) => key === keyOf(now, 'App.Store.Two')))
    expect(came.nodes?.map(([key, list, after]) => [key, list, after])).toEqual([
      // It has something under it now.
      [keyOf(now, 'App.Store'), `${keyOf(now, 'App')}-c`, ''],
      [keyOf(now, 'App.Store.Two'), `${keyOf(now, 'App.Store')}-c`, ''],
      [keyOf(now, 'App.One'), `${keyOf(now, 'App')}-c`, keyOf(now, 'App.Store')],
    ])
    await app.closeSubService(one.service)
    const went = await reader.until(({ gone = [] }) => gone.length > 0)
    expect(went.gone).toEqual([keyOf(now, 'App.One')])
  })

  it('goes on after a lost connection from where it was, and sends everything to who was elsewhere', async () => {
    const program = await startProgram(['Store'])
    const page = await program.page()
    program.engines.get('Store')?.setHealthCondition('disk', new Error('full'))
    const again = await open(program, 'nonsense', { headers: { 'Last-Event-ID': knownOf(page) } })
    const { keys, title } = await again.next()
    expect([keys, title]).toEqual([undefined, '1 of 3 services is unhealthy · App'])
    for (const known of ['', 'other.5', `${knownOf(page).split('.')[0]}.99999`, `${knownOf(page)}e9`]) {
      const frame = await (await open(program, known)).next()
      expect([frame.keys?.length, frame.nodes?.length]).toEqual([5, 4])
    }
  })

  it('sends a reader that was slow one difference, whatever happened meanwhile', async () => {
    const program = await startProgram(['Store'])
    const [slow, quick] = [await open(program), await open(program)]
    await slow.next()
    await quick.next()
    for (let i = 0; i < 3; i++) {
      program.engines.get('Store')?.setHealthCondition('disk', new Error(`full ${i}`))
      await quick.until((frame) => JSON.stringify(frame).includes(`full ${i}`))
    }
    const text = JSON.stringify(await slow.next())
    expect(['full 0', 'full 1', 'full 2'].map((word) => text.includes(word))).toEqual([false, false, true])
  })

  it('says something now and then, so that a quiet program is not taken for one that is gone', async () => {
    const reader = await open(await startProgram([]))
    const [first, second] = [await reader.next(), await reader.next()]
    expect([second.id, second.at > first.at, second.pieces]).toEqual([first.id, true, undefined])
  })

  it('has room for a bounded number of pages, and for others again when some have gone', async () => {
    const program = await startProgram([])
    const readers: Reader[] = []
    for (let i = 0; i < 32; i++) readers.push(await open(program))
    const refused = await program.get('/debug/events')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    await readers[7]?.cancel()
    await readers[8]?.cancel()
    await open(program)
    const head = await program.get('/debug/events', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, null])
    await open(program)
    expect((await program.get('/debug/events')).status).toBe(503)
  })

  it('lets go of a client that has gone, whichever way its server tells', async () => {
    const program = await startProgram([])
    const gone = new AbortController()
    for (let i = 0; i < 40; i++) {
      const client = new AbortController()
      const reader = await open(program, undefined, { signal: client.signal })
      await reader.next()
      client.abort()
      await expect(reader.next()).rejects.toThrow('The stream has ended')
    }
    const reader = await open(program, undefined, { signal: gone.signal })
    await reader.cancel()
    expect(getEventListeners(gone.signal, 'abort').length).toBeLessThan(2)
    expect((await program.get('/debug/events', { signal: AbortSignal.abort() })).status).toBe(200)
  })

  it('ends with the last step of a shutdown', async () => {
    const program = await startProgram([])
    const reader = await open(program)
    await reader.next()
    await program.scope.flush(new AbortController().signal)
    await expect(reader.next()).rejects.toThrow('The stream has ended')
  })

  it('ends where a checker cannot be read any more, so that nobody takes what is old for new', async () => {
    const program = await startProgram([])
    const { scope } = program
    const reader = await open(program)
    await reader.next()
    const source = {
      snapshot: (): never => {
        throw new Error('broken')
      },
    }
    emit(scope, { type: 'health', scope, source, changes: [], startedAt: 1, endedAt: 2 })
    await expect(reader.until(() => false)).rejects.toThrow('The stream has ended')
    expect((await program.get('/debug/events')).status).toBe(500)
  })

  it('does not hold up the close of the server that it comes from', async () => {
    const { dashboard, scope } = await startProgram([])
    const admin = createHttpService({ name: 'Admin', parent: scope, handler: dashboard.handler() })
    await admin.start()
    const headers = { Accept: 'text/event-stream' }
    const { body } = await fetch(`${admin.url()}/debug/events`, { headers })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    // Without a budget: it would never end.
    await admin.close()
    while (!(await reader.read()).done);
    expect(admin.readiness()).toMatchObject({ state: 'Stopped' })
  })
})

describe('with 2,000 services', () => {
  const names = Array.from({ length: 2000 }, (_, at) => `sub_${at}`)

  it('sends one change as one, and a bounded amount of what changes all the time', async () => {
    const program = await startProgram(names)
    const page = await program.page()
    expect(page.length).toBeLessThan(1_500_000)
    const reader = await open(program, knownOf(page))
    await reader.next()
    program.engines.get('sub_77')?.setHealthCondition('disk', new Error('full'))
    const one = await reader.until(({ pieces }) => pieces !== undefined)
    expect(one.size).toBeLessThan(4000)
    for (const name of names) program.engines.get(name)?.goTick({ periodMs: 1e9 }, () => {}, { label: 'claim' })
    const ticked = new Set<string>()
    while (ticked.size < 2000) {
      const frame = await reader.until(({ pieces }) => pieces !== undefined)
      expect(frame.size).toBeLessThan(128 * 1024)
      for (const [id = ''] of frame.pieces ?? []) if (id.endsWith('-w')) ticked.add(id)
    }
    // And a page that is opened has all of it at once.
    expect((await program.page()).match(/claim/g)).toHaveLength(2000)
  })

  it('lists the first of many that are not well by name, and counts the rest', async () => {
    const program = await startProgram(names)
    for (const name of names) program.engines.get(name)?.setHealthCondition('disk', new Error('full'))
    const page = await program.page()
    expect(page.match(/<li class="node card"/g)).toHaveLength(21)
    expect(page).toContain('and 1,980 more')
    expect(page).toContain('2000 of 2,002 services are unhealthy')
  })
})
