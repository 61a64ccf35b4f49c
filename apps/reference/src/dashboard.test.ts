import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { startReceiver } from './fixtures/receiver.ts'
import { cleanUp, startRelay } from './fixtures/relay-process.ts'

const CHROMIUM = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find(isExecutable)
const built = existsSync(fileURLToPath(new URL('../dist/main.js', import.meta.url)))
let browser: Browser | undefined

afterAll(async () => {
  await browser?.close()
  await cleanUp()
})

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Opens a page, and keeps all that it complains about. */
async function open(url: string, width = 1280): Promise<{ page: Page; complaints: string[] }> {
  browser ??= await chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => void complaints.push(`thrown: ${error.message}`))
  await page.goto(url)
  return { page, complaints }
}

async function levelBecomes(page: Page, id: string, level: string): Promise<void> {
  await page.locator(`#tree .service[data-id="${id}"][data-level="${level}"]`).waitFor({ state: 'attached' })
}

describe('the pages of the relay', () => {
  it('turn the endpoint that fails red without a reload, and green again, and then tell the end', async ({ skip }) => {
    if (CHROMIUM === undefined) skip('chromium is not installed')
    if (!built) skip('the program is not built')
    let status = 503
    const receiver = await startReceiver((response) => response.writeHead(status).end())
    const env = { RETRY_BASE_MS: '50', RETRY_MAX_MS: '200', MAX_ATTEMPTS: '1000', DRAIN_DELAY_MS: '5000' }
    const relay = await startRelay({ built: true, env })
    const client = createClient(relay.url)
    const { page, complaints } = await open(`${relay.admin}/`)
    const { id } = await client.subscribe(receiver.url)
    const name = `Relay.Deliveries.${id}`
    await levelBecomes(page, name, 'good')
    await client.post('a')
    await levelBecomes(page, name, 'bad')
    const card = page.locator(`#problems .card[data-id="${name}"]`, { hasText: new URL(receiver.url).host })
    await card.waitFor()
    expect(await card.innerText()).toMatch(
      /Unhealthy since \d\d:\d\d:\d\d UTC, for \d+ s[^]*the last 3 attempts at [^]* failed, with HTTP 503/,
    )
    status = 200
    await levelBecomes(page, name, 'good')
    expect(complaints).toEqual([])
    const narrow = await open(`${relay.admin}/`, 400)
    expect(
      await narrow.page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'),
    ).toBe(true)

    const traces = await open(`${relay.admin}/debug/traces`)
    await traces.page
      .getByRole('link', { name: /start Relay/ })
      .first()
      .click()
    await traces.page.getByText('Relay.Store').first().waitFor()
    expect(traces.complaints).toEqual([])

    const ended = relay.end()
    await page.locator('h1', { hasText: 'Draining: still serving' }).waitFor()
    await page.locator('#link', { hasText: 'Connection lost. What is shown here is old' }).waitFor()
    // The open page has delayed nothing: a close that waits for it ends with 1, when the grace is over.
    expect(await ended).toBe(0)
  }, 90_000)
})
