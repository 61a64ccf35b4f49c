import { createServiceEngine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CHROMIUM, findAxeViolations, NO_CHROMIUM, openBrowser, openPage } from '../fixtures/browser.ts'
import { serveTraces, type TracesServer } from '../fixtures/traces-server.ts'
import { pagesWorld, treeOf } from '../fixtures/traces-world.ts'

const EVIL = '<img src=x onerror=alert(1)>'
const LONG = 'AnIndexOfEverythingThatTheStoreHasEverSeen'.repeat(4)
const PATIENCE = { timeout: 20_000, interval: 5 }
const WIDTHS = [1280, 400] as const
const LOOKS = [
  ['light', 1280],
  ['dark', 400],
] as const

const fail = (message: string) => (): never => {
  throw new Error(message)
}

let browser: Browser
let server: TracesServer

/** A program with one trace of each kind. */
async function live(): Promise<TracesServer> {
  const { pages, scope, text } = pagesWorld({ title: () => 'relay', tasks: 'all' })
  const { service, engine } = createServiceEngine({
    name: 'App',
    parent: scope,
    subServices: (parent) => [
      treeOf({ name: 'Database', below: [{ name: 'Pool' }, { name: LONG }] }, parent),
      treeOf({ name: EVIL, close: fail(`${EVIL}\n${'long '.repeat(300)}`) }, parent),
    ],
  })
  await service.start()
  const checker = createHealthChecker({ parent: scope, version: '1', commit: 'abc', intervalMs: 5 })
  checker.register(service)
  await checker.start()
  const shows = async (words: string): Promise<boolean> => (await text('/debug/traces?kind=health')).includes(words)
  engine.setHealthCondition('feed', new Error('the feed is late'))
  await vi.waitUntil(() => shows('App became unhealthy'), PATIENCE)
  engine.clearHealthCondition('feed')
  await vi.waitUntil(() => shows('App is healthy again'), PATIENCE)
  await checker.close()
  await treeOf({ name: 'Importer', below: [{ name: 'Queue' }, { name: 'Api', start: fail('port taken') }] }, scope)
    .start()
    .catch(() => {})
  engine.go(() => {}, { label: 'flush batch' })
  await service.close().catch(() => {})
  void treeOf({ name: 'Mirror', below: [{ name: 'Upstream', start: () => new Promise(() => {}) }] }, scope).start()
  return await serveTraces(pages)
}

beforeAll(async () => {
  if (CHROMIUM === undefined) return
  browser = await openBrowser()
  server = await live()
})

afterAll(async () => {
  await browser?.close()
  await server?.[Symbol.asyncDispose]()
})

async function open(options: Parameters<typeof openPage>[2] = {}): ReturnType<typeof openPage> {
  return await openPage(browser, `${server.url}/debug/traces`, options)
}

async function pathOf(name: string): Promise<string> {
  const { page } = await open()
  const href = await page.locator('.trace a', { hasText: name }).first().getAttribute('href')
  await page.context().close()
  return `${server.url}/debug/${href}`
}

async function labels(page: Page): Promise<readonly (string | undefined)[]> {
  const rows = await page.locator('.waterfall a').all()
  return await Promise.all(rows.map(async (row) => (await row.getAttribute('aria-label'))?.replace(/: [^:]*$/, '')))
}

describe('the pages of the traces in Chromium', { timeout: 180_000 }, () => {
  it('have the spans of the start in the waterfall, every service once and in order', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const { page, complaints } = await open()
    await page.click('text="start App"')
    expect(await page.textContent('h1')).toBe('start App')
    const long = `start ${LONG}`.slice(0, 69)
    const expected = ['start App', 'start Database', 'start Pool', `${long}…`, `start ${EVIL}`]
    expect(await labels(page)).toEqual(expected)
    const lines = await page.locator('.spans tbody th > bdi').allTextContents()
    expect(lines.map((it) => it.slice(0, 20))).toEqual(expected.map((it) => it.slice(0, 20)))
    expect(complaints).toEqual([])
  })

  it('lead to the other trace and back', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const { page, complaints } = await open()
    await page.click('text="start App"')
    const start = page.url()
    await page.click('.facts a:has-text("close App")')
    expect(await page.textContent('h1')).toBe('close App')
    await page.click('.facts a:has-text("start App")')
    expect(page.url()).toBe(start)
    await page.click('.heading a:has-text("Traces")')
    await page.click('.trace a:has-text("health check")')
    await page.click('.spans a:has-text("its start") >> nth=0')
    expect(page.url().split('#')[0]).toBe(start)
    expect(complaints).toEqual([])
  })

  it('can be used by keyboard alone: each row leads to its line', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const { page, complaints } = await open()
    await page.click('text="start App"')
    await page.locator('.waterfall a').nth(2).focus()
    await page.keyboard.press('Enter')
    expect(await page.textContent('tr:target th > bdi')).toBe('start Pool')
    expect(complaints).toEqual([])
  })

  it('narrow the list down by a form', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const { page, complaints } = await open({ javaScriptEnabled: false })
    await page.fill('input[name=service]', 'Importer')
    await page.check('input[name=errors]')
    await page.selectOption('select[name=kind]', 'start')
    await page.click('button:has-text("Show")')
    expect(await page.locator('.trace a').allTextContents()).toEqual(['start Importer'])
    expect(await page.inputValue('input[name=service]')).toBe('Importer')
    expect(complaints).toEqual([])
  })

  it('download a file for Jaeger', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const { page } = await open()
    await page.click('text="start Importer"')
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('text="Download for Jaeger"')])
    expect(download.suggestedFilename()).toMatch(/^trace-[0-9a-f]{32}\.json$/)
  })

  it('draw with what is red also what says so, and keep to the page at any width', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    for (const name of ['start Importer', 'start Mirror', 'close App', 'health check', 'start App']) {
      const url = await pathOf(name)
      for (const width of WIDTHS) {
        const { page, complaints } = await openPage(browser, url, { viewport: { width, height: 800 } })
        expect(await page.evaluate('document.documentElement.scrollWidth'), `${name} ${width}`).toBeLessThanOrEqual(
          width,
        )
        for (const row of await page.locator('.waterfall a.failed').all()) {
          expect(await row.textContent()).toContain('✗')
          expect(await row.getAttribute('aria-label')).toContain('failed')
        }
        // A label keeps the size of text, and stands clear of its bar.
        const overlaps: unknown =
          await page.evaluate(`[...document.querySelectorAll('.waterfall .row')].filter((row) => {
          const bar = row.querySelector('.bar').getBoundingClientRect()
          const text = row.querySelector('.label text').getBoundingClientRect()
          const right = Math.min(text.right, ${width} < 768 ? Infinity : row.querySelector('.hit').getBoundingClientRect().left + row.querySelector('.hit').getBoundingClientRect().width * 0.32)
          return text.height < 12 || (bar.left < right && text.top < bar.bottom && bar.top < text.bottom - 4)
        }).length`)
        expect(overlaps, `${name} ${width}`).toBe(0)
        expect(complaints).toEqual([])
        await page.context().close()
      }
    }
  })

  it('pass the accessibility check', async ({ skip }) => {
    if (CHROMIUM === undefined) skip(NO_CHROMIUM)
    const paths = [`${server.url}/debug/traces`]
    for (const name of ['start Importer', 'start Mirror', 'close App', 'health check']) paths.push(await pathOf(name))
    for (const path of paths) {
      for (const [colorScheme, width] of LOOKS) {
        const found = await findAxeViolations(browser, path, { colorScheme, viewport: { width, height: 800 } })
        expect(found, `${path} ${colorScheme} ${width}`).toEqual([])
      }
    }
  })
})
