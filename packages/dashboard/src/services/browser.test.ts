import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServiceEngine } from '@svc/engine'
import { createHttpService, type HttpService } from '@svc/http'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { CHROMIUM, findAxeViolations, NO_CHROMIUM, openBrowser, openPage } from '../fixtures/browser.ts'
import { type Program, startProgram } from '../fixtures/program.ts'

const IMG = '<img src=x onerror=alert(1)>'

let browser: Browser
beforeAll(async () => {
  if (CHROMIUM !== undefined) browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
})
beforeEach(({ skip }) => {
  if (CHROMIUM === undefined) skip(NO_CHROMIUM)
})

async function serve({ scope, dashboard }: Program, port = 0): Promise<HttpService> {
  const admin = createHttpService({ name: 'Admin', parent: scope, port, handler: dashboard.handler() })
  await admin.start()
  onTestFinished(async () => {
    const now = new AbortController()
    now.abort()
    await admin.close(now.signal).catch(() => {})
  })
  return admin
}

/** The row of a service, by its full name. */
const row = (page: Page, id: string): Locator => page.locator(`#tree .service[data-id=${JSON.stringify(id)}]`)

async function levelBecomes(page: Page, id: string, level: string): Promise<void> {
  await page
    .locator(`#tree .service[data-id=${JSON.stringify(id)}][data-level="${level}"]`)
    .waitFor({ state: 'attached' })
}

describe('the page in a browser', () => {
  it('turns a row red without a reload, and green again, and says nothing on the console', async () => {
    const program = await startProgram(['Store', IMG])
    const admin = await serve(program)
    const { page, complaints } = await openPage(browser, admin.url())
    await page.evaluate('globalThis.mark = 1')
    await levelBecomes(page, 'App.Store', 'good')
    program.engines.get('Store')?.setHealthCondition('unreachable', new Error(`no answer from ${IMG}`))
    await levelBecomes(page, 'App.Store', 'bad')
    expect(await page.title()).toBe('1 of 5 services is unhealthy · App')
    expect(await page.locator('#problems .card').innerText()).toMatch(
      /App\.Store[^]*Unhealthy since .* UTC, for \d+ s[^]*no answer from <img/,
    )
    expect(await row(page, 'App.Store').innerText()).toMatch(/Unhealthy for \d+ s/)
    expect(await page.locator('h1').innerText()).toBe('1 of 5 services is unhealthy')
    program.engines.get('Store')?.clearHealthCondition('unreachable')
    await levelBecomes(page, 'App.Store', 'good')
    await page.locator('#problems .card').waitFor({ state: 'detached' })
    expect([await page.locator('.problems').isVisible(), await page.evaluate('globalThis.mark')]).toEqual([false, 1])
    expect(await row(page, `App.${IMG}`).innerText()).toContain(IMG)
    expect(await page.locator('img').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('lets what comes, goes and gets something under it be seen, and keeps focus, folding, search and scroll', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `s${at}`)
    const program = await startProgram(names)
    const { page, complaints } = await openPage(browser, (await serve(program)).url())
    await page.locator('#buttons').waitFor()
    const app = row(page, 'App').locator(':scope > details')
    await page.locator('#search').fill('s5')
    await page.locator('#search').focus()
    await page.evaluate('window.scrollTo(0, 120)')
    const before = await page.evaluate('window.scrollY')
    const s5 = program.engines.get('s5')
    const { service } = createServiceEngine({ name: 'Part', parent: s5 })
    await s5?.startSubService(service)
    await row(page, 'App.s5.Part').waitFor()
    program.engines.get('s50')?.setHealthCondition('x', new Error('y'))
    program.engines.get('s1')?.setHealthCondition('x', new Error('y'))
    await levelBecomes(page, 'App.s1', 'bad')
    expect(await page.evaluate('document.activeElement.id')).toBe('search')
    expect([await row(page, 'App.s1').isVisible(), await row(page, 'App.s50').isVisible()]).toEqual([false, true])
    program.engines.get('s50')?.clearHealthCondition('x')
    program.engines.get('s1')?.clearHealthCondition('x')
    await levelBecomes(page, 'App.s1', 'good')
    expect(await page.evaluate('window.scrollY')).toBe(before)
    await page.locator('#search').fill('')
    await app.locator(':scope > summary').focus()
    await page.keyboard.press('Enter')
    await s5?.closeSubService(service)
    await row(page, 'App.s5.Part').waitFor({ state: 'detached' })
    expect(await app.getAttribute('open')).toBeNull()
    expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY')
    expect(complaints).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'has nothing that axe-core finds, wide and narrow, red and green: %s',
    async (colorScheme) => {
      const program = await startProgram(['Store', 'Api', IMG, 'Queue'])
      const url = (await serve(program)).url()
      for (const isBad of [false, true]) {
        if (isBad) {
          program.engines
            .get('Store')
            ?.setHealthCondition('unreachable', new Error('no answer', { cause: new Error('refused') }))
          program.checker.register({
            name: () => 'Ledger',
            readiness: () => new Error('warming up'),
            healthReport: () => new Map([['Ledger', null]]),
          })
          program.engines.get('Api')?.setHealthCondition('x', new Error('y'))
          program.engines.get('Api')?.clearHealthCondition('x')
          program.engines.get('Queue')?.goTick({ periodMs: 1e9 }, () => {}, { label: 'claim' })
        }
        for (const width of [1280, 400]) {
          const options = { colorScheme, viewport: { width, height: 900 } }
          expect(await findAxeViolations(browser, url, options)).toEqual([])
          const { page } = await openPage(browser, url, options)
          expect(
            await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
          ).toBe(true)
        }
      }
    },
    240_000,
  )

  it('is whole without the script', async () => {
    const program = await startProgram(['Store', 'Api'])
    program.engines.get('Store')?.setHealthCondition('unreachable', new Error('no answer'))
    const { page, complaints } = await openPage(browser, (await serve(program)).url(), { javaScriptEnabled: false })
    expect(await page.locator('.problems').innerText()).toMatch(/App\.Store[^]*for \d+ s[^]*no answer/)
    expect(await page.locator('#buttons').isVisible()).toBe(false)
    await page.locator('#search').fill('api')
    await page.locator('#search').press('Enter')
    await page.waitForURL(/search=api/)
    expect([await row(page, 'App.Api').isVisible(), await row(page, 'App.Store').isVisible()]).toEqual([true, false])
    await row(page, 'App').locator(':scope > details > summary').click()
    expect(await row(page, 'App.Api').isVisible()).toBe(false)
    await page.locator('.plain a').click()
    await page.waitForLoadState()
    expect(await row(page, 'App.Api').isVisible()).toBe(true)
    expect(complaints).toEqual([])
  })

  it('can be used with the keyboard alone', async () => {
    const program = await startProgram(['Store', 'Api'])
    program.engines.get('Store')?.setHealthCondition('unreachable', new Error('no answer'))
    const { page, complaints } = await openPage(browser, (await serve(program)).url())
    await page.locator('#buttons').waitFor()
    const focused = (): Promise<unknown> =>
      page.evaluate('(document.activeElement.textContent || document.activeElement.id).trim()')
    const stops: unknown[] = []
    for (let i = 0; i < 9; i++) {
      await page.keyboard.press('Tab')
      stops.push(await focused())
    }
    expect(stops).toEqual([
      'Skip to the content',
      'Services',
      'Traces',
      'App.Store',
      'traces of App.Store',
      'search',
      'only',
      'Unfold all',
      'Fold all',
    ])
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await row(page, 'App.Store').isVisible()).toBe(false)
    await page.keyboard.press('Space')
    expect(await row(page, 'App.Store').isVisible()).toBe(true)
    await page.keyboard.press('Space')
    for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+Tab')
    expect(await focused()).toBe('App.Store')
    await page.keyboard.press('Enter')
    expect(await row(page, 'App.Store').isVisible()).toBe(true)
    expect(await page.locator('.service:target').getAttribute('data-id')).toBe('App.Store')
    expect(complaints).toEqual([])
  })

  it('says that the connection is lost and what it shows is old, and comes back by itself', async () => {
    const program = await startProgram(['Store'])
    const first = await serve(program)
    const { page } = await openPage(browser, first.url())
    await page.locator('#buttons').waitFor()
    await first.close()
    await page.locator('#link', { hasText: 'Connection lost. What is shown here is old' }).waitFor()
    expect([await page.title(), await page.locator('body.old').count()]).toEqual([
      'Connection lost · All 4 services are healthy · App',
      1,
    ])
    // Another program, as after a restart: what it has is shown, and nothing else.
    const second = await startProgram(['Store', 'Other'])
    second.engines.get('Store')?.setHealthCondition('disk', new Error('full'))
    await serve(second, Number(new URL(first.url()).port))
    await row(page, 'App.Other').waitFor()
    await levelBecomes(page, 'App.Store', 'bad')
    expect([await page.locator('#link').isVisible(), await page.locator('body.old').count()]).toEqual([false, 0])
    expect(await page.locator('#tree .service').count()).toBe(5)
  })

  it('works below a path, behind a proxy', async () => {
    const program = await startProgram(['Store'])
    const admin = await serve(program)
    const proxy = await startProxy(admin.url(), '/ops/relay')
    const { page, complaints } = await openPage(browser, `${proxy}/ops/relay/`)
    program.engines.get('Store')?.setHealthCondition('disk', new Error('full'))
    await levelBecomes(page, 'App.Store', 'bad')
    await page.getByRole('link', { name: 'Traces', exact: true }).click()
    await page.waitForURL(`${proxy}/ops/relay/debug/traces`)
    await page.getByRole('link', { name: 'Services' }).click()
    await page.waitForURL(`${proxy}/ops/relay/`)
    expect(complaints).toEqual([])
  })
})

describe('2,000 services in a browser', () => {
  it('are searched, folded and unfolded', async () => {
    const program = await startProgram(Array.from({ length: 2000 }, (_, at) => `sub_${at}`))
    const { page, complaints } = await openPage(browser, (await serve(program)).url())
    await page.locator('#buttons').waitFor()
    const visible = (): Promise<unknown> =>
      page.evaluate("[...document.querySelectorAll('#tree .service')].filter((it) => it.checkVisibility()).length")
    await page.locator('#search').fill('SUB_77')
    expect([await visible(), await page.locator('#found').innerText()]).toEqual([1 + 11, '11 found'])
    await page.locator('#search').fill('nothing at all')
    expect([await visible(), await page.locator('#none').isVisible()]).toEqual([0, true])
    await page.locator('#search').fill('')
    await page.getByRole('button', { name: 'Fold all', exact: true }).click()
    expect(await visible()).toBe(3)
    program.engines.get('sub_5')?.setHealthCondition('disk', new Error('full'))
    await page.locator('#problems .card').waitFor()
    await page.getByLabel('Only what is not well').check()
    expect(await visible()).toBe(2)
    expect(page.url()).toContain('only=1')
    await page.getByLabel('Only what is not well').uncheck()
    expect(await visible()).toBe(3)
    expect(complaints).toEqual([])
  }, 240_000)
})

/** Takes a path off, as a proxy in front of many programs does. */
async function startProxy(target: string, prefix: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/'
      if (!path.startsWith(`${prefix}/`)) return response.writeHead(404).end()
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      try {
        const headers = { accept: request.headers.accept ?? '*/*' }
        const answer = await fetch(`${target}${path.slice(prefix.length)}`, { headers, signal: gone.signal })
        const kept = [...answer.headers].filter(([name]) => !['content-length', 'connection'].includes(name))
        response.writeHead(answer.status, Object.fromEntries(kept))
        for await (const chunk of answer.body ?? []) response.write(chunk)
      } catch {
        // The browser or the program has gone.
      }
      return response.end()
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
