import { createServiceEngine } from '@svc/engine'
import { describe, expect, it } from 'vitest'
import { pagesWorld, type PagesWorld, treeOf } from '../fixtures/traces-world.ts'

const EVIL = '<img src=x onerror=alert(1)>'

const fail = (message: string) => (): never => {
  throw new Error(message)
}

async function live(): Promise<PagesWorld> {
  const world = pagesWorld({ title: () => 'relay', tasks: 'all' })
  const app = treeOf(
    { name: 'App', below: [{ name: 'Store' }, { name: 'Store2' }, { name: EVIL, close: fail(`"${EVIL}" & more`) }] },
    world.scope,
  )
  await app.start()
  await treeOf({ name: 'Other', start: fail('port taken') }, world.scope)
    .start()
    .catch(() => {})
  await app.close().catch(() => {})
  return world
}

async function linksOf(world: PagesWorld, query = ''): Promise<readonly string[]> {
  const text = await world.text(`/debug/traces${query}`)
  return [...text.matchAll(/<a href="traces\/[0-9a-f]{32}"><bdi>([^<]*)</g)].map((match) => match[1] as string)
}

async function idOf(world: PagesWorld, name: string): Promise<string> {
  const text = await world.text('/debug/traces')
  return new RegExp(`href="traces/([0-9a-f]{32})"><bdi>${name}<`).exec(text)?.[1] ?? 'none'
}

describe('createTracesPages()', () => {
  it('lists the traces, newest first, with what they came to', async () => {
    const world = await live()
    expect(await linksOf(world)).toEqual(['close App', 'start Other', 'start App'])
    const text = await world.text('/debug/traces')
    expect(text).toContain('Other failed: Cannot start &quot;Other&quot;: its start function failed: port taken')
    expect(text).toContain('3 traces, 2 with errors.')
  })

  it('shows what has not ended first, with what it waits for', async () => {
    const world = pagesWorld()
    void treeOf({ name: 'App', below: [{ name: 'Store', start: () => new Promise(() => {}) }] }, world.scope).start()
    await treeOf({ name: 'Later' }, world.scope).start()
    expect(await linksOf(world)).toEqual(['start App', 'start Later'])
    expect(await world.text('/debug/traces')).toMatch(/waits for Store, for [^<]* so far/)
    expect(await world.text(`/debug/traces/${await idOf(world, 'start App')}`)).toMatch(
      /It has been running for [^<]*, and waits for <a href="#span-1"><bdi>Store<\/bdi><\/a> for/,
    )
  })

  it('names the tasks that a close waits for', async () => {
    const world = pagesWorld()
    const { service, engine } = createServiceEngine({ name: 'App', parent: world.scope })
    await service.start()
    engine.go(() => new Promise(() => {}), { label: 'flush batch' })
    void service.close()
    expect(await world.text('/debug/traces')).toContain('waits for tasks of App (flush batch)')
  })

  it('is narrowed down by kind, by service and to errors', async () => {
    const world = await live()
    expect(await linksOf(world, '?kind=close')).toEqual(['close App'])
    expect(await linksOf(world, '?errors=1')).toEqual(['close App', 'start Other'])
    expect(await linksOf(world, '?errors')).toEqual(['close App', 'start Other'])
    expect(await linksOf(world, '?service=App.Store')).toEqual(['close App', 'start App'])
    expect(await linksOf(world, '?service=oth')).toEqual(['start Other'])
    expect(await linksOf(world, '?service=App&kind=start&errors=')).toEqual([])
    expect(await linksOf(world, '?service=nowhere')).toEqual([])
    expect(await linksOf(world, '?kind=nonsense')).toHaveLength(3)
    expect(await world.text(`/debug/traces?service=${encodeURIComponent(`"${EVIL}`)}`)).not.toContain('<img')
  })

  it('is narrowed down to a name that no link can have', async () => {
    const world = pagesWorld()
    await treeOf({ name: 'App', below: [{ name: 'lone \ud800 surrogate' }] }, world.scope).start()
    const link = encodeURIComponent('App.lone \ud800 surrogate'.toWellFormed())
    expect(await linksOf(world, `?service=${link}`)).toEqual(['start App'])
  })

  it('tells all reasons of a failure, also of those that several failures were put into', async () => {
    const world = pagesWorld()
    const hosts = new AggregateError(
      [
        new Error('ECONNREFUSED 10.1.2.3'),
        new AggregateError([new Error('replica 1: <b>wrong password</b>', { cause: 'pg_hba.conf' })], 'no replica'),
        ...Array.from({ length: 10 }, (_, i) => new Error(`timeout ${i}`)),
      ],
      'no database host',
    )
    const start = (): never => {
      throw hosts
    }
    await treeOf({ name: 'App', below: [{ name: 'Pool', start }] }, world.scope)
      .start()
      .catch(() => {})
    const path = `/debug/traces/${await idOf(world, 'start App')}`
    const text = (await world.text(path)).replaceAll(/<[^>]*>/g, '')
    expect(text).toMatch(
      /no database host\s*because ECONNREFUSED 10.1.2.3\s*because no replica\s*because replica 1: &lt;b&gt;wrong password&lt;\/b&gt;\s*because pg_hba.conf\s*because timeout 0[^]*because timeout 3\s*and 6 more/,
    )
    expect(await world.text(path, false)).not.toContain('replica')
  })

  it('tells once what several spans of a service failed with', async () => {
    const world = pagesWorld()
    const { service, engine } = createServiceEngine({ name: 'Mailer', parent: world.scope, closeTimeoutMs: 1 })
    await service.start()
    engine.go(() => new Promise(() => {}), { label: 'session' })
    await service.close().catch(() => {})
    const text = await world.text(`/debug/traces/${await idOf(world, 'close Mailer')}`)
    const [, list = ''] = /What went wrong<\/h2>([^]*?)<\/section>/.exec(text) ?? []
    expect(list.match(/<li>/g)).toHaveLength(1)
    expect(list).toContain('session')
    expect(await world.text('/debug/traces?kind=close')).not.toMatch(/and \d+ more failure/)
  })

  it('leads to the services', async () => {
    const world = await live()
    const text = await world.text(`/debug/traces/${await idOf(world, 'start App')}`)
    expect(text).toMatch(/<a href="\.\.\/\.\.\/#s[\w-]{10}"><bdi>App\.Store<\/bdi><\/a>/)
    expect(text).toMatch(/<a href="\.\.\/\.\.\/#s[\w-]{10}"><bdi>App<\/bdi><\/a>/)
  })

  it('draws a row and a line for each span', async () => {
    const world = await live()
    const text = await world.text(`/debug/traces/${await idOf(world, 'start App')}`)
    const rows = [...text.matchAll(/<a class="row good" href="#(span-\d)" aria-label="([^:]*): [^"]*"/g)]
    expect(rows.map((match) => match[2])).toEqual([
      'start App',
      'start Store',
      'start Store2',
      `start ${escaped(EVIL)}`,
    ])
    for (const [, anchor] of rows) expect(text).toContain(`<tr id="${anchor}"`)
    expect(text).not.toContain('<img')
  })

  it('leads to the other trace and back', async () => {
    const world = await live()
    const [start, close] = [await idOf(world, 'start App'), await idOf(world, 'close App')]
    expect(await world.text(`/debug/traces/${start}`)).toContain(`<a href="${close}">close App</a>`)
    expect(await world.text(`/debug/traces/${close}`)).toContain(`<a href="${start}">start App</a>`)
  })

  it('folds a large trace, and shows all of it where that is asked for', async () => {
    const world = pagesWorld()
    const below = Array.from({ length: 2000 }, (_, i) => ({ name: `S${i}`, ...(i === 1500 && { start: fail('no') }) }))
    await treeOf({ name: 'App', below }, world.scope)
      .start()
      .catch(() => {})
    const path = `/debug/traces/${await idOf(world, 'start App')}`
    const folded = await world.text(path)
    expect(folded.match(/<a class="row/g)).toHaveLength(200)
    expect(folded).toContain('start S1500')
    expect(folded).toMatch(/2,\d{3} short spans that ended well are folded away/)
    expect((await world.text(`${path}?all=1`)).match(/<a class="row/g)).toHaveLength(3002)
  })

  it('gives files for Jaeger, of one and of those listed', async () => {
    const world = await live()
    const one = await world.get(`/debug/traces/${await idOf(world, 'start Other')}/jaeger.json`)
    expect(one?.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(one?.headers.get('content-disposition')).toMatch(/^attachment; filename="trace-[0-9a-f]{32}\.json"$/)
    const parsed = JSON.parse((await one?.text()) ?? '') as { data: { spans: { operationName: string }[] }[] }
    expect(parsed.data[0]?.spans.map(({ operationName }) => operationName)).toEqual(['start Other'])
    expect(JSON.parse(await world.text('/debug/traces/jaeger.json?kind=close'))).toMatchObject({ total: 1 })
    expect(JSON.parse(await world.text('/debug/traces/jaeger.json'))).toMatchObject({ total: 3 })
  })

  it('finds a trace by the id of OpenTelemetry too', async () => {
    const traceId = 'abcdef'.repeat(5).padEnd(32, '0')
    const spans = { spanOf: () => ({ traceId, spanId: '1'.repeat(16), isRecorded: true }) }
    const world = pagesWorld({ spans })
    await treeOf({ name: 'App' }, world.scope).start()
    for (const id of [await idOf(world, 'start App'), traceId, traceId.toUpperCase()]) {
      const response = await world.get(`/debug/traces/${id}`)
      expect(response?.status).toBe(200)
      expect(await response?.text()).toContain(`<dd class="mono">${traceId}</dd>`)
    }
    expect(await world.text('/debug/traces')).toContain(`id at OpenTelemetry: ${traceId}`)
  })

  it('shows no message to who may see none', async () => {
    const world = await live()
    for (const name of ['close App', 'start Other']) {
      const path = `/debug/traces/${await idOf(world, name)}`
      expect(await world.text(path, true)).toMatch(/&amp; more|port taken/)
      expect(await world.text(path, false)).not.toMatch(/&amp; more|port taken|<pre/)
    }
    expect(await world.text('/debug/traces', false)).not.toMatch(/&amp; more|port taken/)
  })

  it('says what is not there, and leaves other paths alone', async () => {
    const world = await live()
    const missing = await world.get(`/debug/traces/${'0'.repeat(32)}`)
    expect([missing?.status, await missing?.text()]).toEqual([404, expect.stringContaining('not kept any more')])
    expect((await world.get(`/debug/traces/${'0'.repeat(32)}/jaeger.json`))?.status).toBe(404)
    expect((await world.get('/debug/traces/%3Cscript%3E'))?.status).toBe(404)
    const moved = await world.get('/debug/traces/?errors=1')
    expect([moved?.status, moved?.headers.get('location')]).toEqual([308, '../traces?errors=1'])
    for (const path of ['/', '/debug', '/debug/tracesx', '/debug/traces/a/b'])
      expect(await world.get(path)).toBeUndefined()
  })

  it('answers a HEAD with the headers alone', async () => {
    const world = await live()
    const [head, get] = [await world.get('/debug/traces', true, 'HEAD'), await world.get('/debug/traces')]
    expect([head?.status, await head?.text()]).toEqual([200, ''])
    expect(head?.headers.get('content-security-policy')).toBe(get?.headers.get('content-security-policy'))
  })

  it('has something to say before anything has happened', async () => {
    expect(await pagesWorld().text('/debug/traces')).toContain('Nothing has been observed yet')
    expect(JSON.parse(await pagesWorld().text('/debug/traces/jaeger.json'))).toMatchObject({ data: [] })
  })
})

function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
