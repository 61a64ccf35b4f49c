import { describe, expect, it } from 'vitest'
import { startProgram } from './fixtures/program.ts'
import { createDashboard, type DashboardOptions } from './index.ts'

const ask = (path: string, method = 'GET', headers: Record<string, string> = {}): Request =>
  new Request(`http://localhost${path}`, { method, headers })

describe('createDashboard()', () => {
  it.each<[string, unknown, string]>([
    ['no object', 1, 'Cannot use the options: expected an object, got 1'],
    ['a title', { title: 1 }, 'Cannot use option "title": expected a string, got 1'],
    ['details', { details: 'yes' }, 'Cannot use option "details": expected "never", "always" or a function, got "yes"'],
    ['maxTraces', { maxTraces: '5' }, 'Cannot use option "maxTraces": expected a number, got "5"'],
    ['maxTraces', { maxTraces: 0 }, 'Cannot use option "maxTraces": expected a whole number of 1 or more, got 0'],
    ['ticks', { ticks: 'some' }, 'Cannot use option "ticks": expected one of "off", "errors", "all", got "some"'],
    ['tasks', { tasks: 1 }, 'Cannot use option "tasks": expected one of "off", "errors", "all", got 1'],
    ['spans', { spans: {} }, 'Cannot use the method "spanOf" of option "spans": expected a function, got undefined'],
  ])('refuses wrong options: %s', (_what, options, message) => {
    expect(() => createDashboard(options as DashboardOptions)).toThrow(message)
  })

  it('refuses a next handler that is none, and a request that is none', async () => {
    const dashboard = createDashboard()
    expect(() => dashboard.handler('next' as never)).toThrow(TypeError)
    await expect(dashboard.handler()({} as Request)).rejects.toThrow('the property "url" of the request')
  })

  it('works before anything has happened', async () => {
    const response = await createDashboard({ title: 'Mine' }).handler()(ask('/'))
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('No services yet')])
  })
})

describe('the two pages', () => {
  it('lead to each other: from what is not well to its traces, and from there to its row', async () => {
    const { engines, checker, page } = await startProgram(['Store', 'a & "b"'])
    engines.get('a & "b"')?.setHealthCondition('disk', new Error('full'))
    checker.register({ name: () => 'Other', readiness: () => null, healthReport: () => new Map([['Other', null]]) })
    const services = await page('/')
    const [, link = ''] = /class="to-traces" href="\.\/([^"]*)"/.exec(services) ?? []
    const [, id = ''] = /href="traces\/([0-9a-f]{32})"/.exec(await page(`/${link}`)) ?? []
    const trace = await page(`/debug/traces/${id}`)
    const [, key = 'none'] = /href="\.\.\/\.\.\/#([^"]*)"><bdi>App\.a &amp; &quot;b&quot;</.exec(trace) ?? []
    expect(services).toMatch(new RegExp(`id="${key}"\\s+data-level="bad"`))
  })
})

describe('the handler', () => {
  it('hands what is not its own to the next one, whatever the method', async () => {
    const seen: string[] = []
    const next = (request: Request): Response => {
      seen.push(`${request.method} ${new URL(request.url).pathname}`)
      return new Response('next')
    }
    const handle = createDashboard().handler(next)
    expect(await (await handle(ask('/metrics'))).text()).toBe('next')
    expect(await (await handle(ask('/debug/other', 'POST'))).text()).toBe('next')
    expect((await handle(ask('/debug/traces/unknown'))).status).toBe(404)
    await handle(ask('/'))
    expect(seen).toEqual(['GET /metrics', 'POST /debug/other'])
  })

  it('answers with 404 where there is no next one, and lets the failure of one that there is pass', async () => {
    const response = await createDashboard().handler()(ask('/metrics'))
    expect([response.status, await response.text()]).toEqual([
      404,
      'Cannot find this page: expected / or /debug/traces\n',
    ])
    const failing = createDashboard().handler(() => Promise.reject(new Error('mine')))
    await expect(failing(ask('/metrics'))).rejects.toThrow('mine')
  })

  it.each([
    '/',
    '/debug/events',
    '/debug/traces',
    '/debug/dashboard.css',
    '/debug/dashboard.js',
    '/debug/dashboard.svg',
  ])('answers HEAD as GET without a body, and other methods with 405: %s', async (path) => {
    const handle = createDashboard().handler()
    const [head, get, post] = [
      await handle(ask(path, 'HEAD')),
      await handle(ask(path)),
      await handle(ask(path, 'POST')),
    ]
    expect([head.status, head.body, [...head.headers.keys()]]).toEqual([200, null, [...get.headers.keys()]])
    expect([post.status, post.headers.get('allow'), await post.text()]).toEqual([
      405,
      'GET, HEAD',
      'Cannot POST this page: expected GET or HEAD\n',
    ])
    await get.body?.cancel()
  })

  it('lets nothing but its own files run or be loaded, and keeps pages out of every cache', async () => {
    const { headers } = await createDashboard().handler()(ask('/'))
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "style-src 'self'",
      "script-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ])
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff'])
  })

  it('has links that work below any path', async () => {
    const text = await (await createDashboard().handler()(ask('/'))).text()
    const links = [...text.matchAll(/(?:href|src|action)="(.*?)"/g)].map(([, link]) => link)
    expect(links.filter((link) => link?.startsWith('/'))).toEqual([])
    expect(links).toEqual(
      expect.arrayContaining(['./', './debug/traces', './debug/dashboard.css', './debug/dashboard.js']),
    )
  })

  it('lets browsers keep its files as long as they are the same', async () => {
    const handle = createDashboard().handler()
    const first = await handle(ask('/debug/dashboard.js'))
    const etag = first.headers.get('etag') ?? ''
    expect([first.headers.get('cache-control'), first.headers.get('content-type')]).toEqual([
      'no-cache',
      'text/javascript; charset=utf-8',
    ])
    const again = async (tags: string): Promise<number> =>
      (await handle(ask('/debug/dashboard.js', 'GET', { 'If-None-Match': tags }))).status
    expect([await again(etag), await again(`"x", W/${etag}`), await again('"x"')]).toEqual([304, 304, 200])
  })
})

describe('option "details"', () => {
  const fail = async (options?: DashboardOptions): Promise<{ status: number; text: string }> => {
    const { engines, get } = await startProgram(['Store'], options)
    engines.get('Store')?.setHealthCondition('disk', new Error('secret path'))
    const response = await get('/')
    return { status: response.status, text: await response.text() }
  }

  it('shows messages to everybody by default', async () => {
    const { text } = await fail()
    expect(['secret path', '1.2.3', 'abcdef0'].map((word) => text.includes(word))).toEqual([true, true, true])
  })

  it.each<[string, DashboardOptions['details']]>([
    ['never', 'never'],
    ['a function', () => false],
  ])('shows none, no version and no commit: %s', async (_what, details) => {
    const { status, text } = await fail({ details })
    expect([
      status,
      text.includes('1 of 3 services is unhealthy'),
      text.includes('the message is not shown here'),
    ]).toEqual([200, true, true])
    expect(['secret path', '1.2.3', 'abcdef0'].map((word) => text.includes(word))).toEqual([false, false, false])
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    ['gives no boolean', () => 1],
    ['is async', () => Promise.reject(new Error('secret'))],
  ])('answers with 500 and shows none where the function %s', async (_what, details) => {
    const { status, text } = await fail({ details: details as () => boolean })
    expect([status, text]).toEqual([500, 'Cannot answer: reason withheld\n'])
  })

  it('is asked for each request', async () => {
    const { engines, get } = await startProgram(['Store'], { details: ({ headers }) => headers.has('x-me') })
    engines.get('Store')?.setHealthCondition('disk', new Error('secret path'))
    const page = async (headers: Record<string, string>): Promise<boolean> =>
      (await (await get('/', { headers })).text()).includes('secret path')
    expect([await page({}), await page({ 'X-Me': '1' }), await page({})]).toEqual([false, true, false])
  })
})
