import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { codeIn, readTable } from './document.ts'
import { cleanUp, createFolder, freePort, inRepository, startProgram, startRelay, until } from './programs.ts'

const CONFIG = inRepository('observability/prometheus.yml')

afterAll(cleanUp)

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)))
}

describe('observability/prometheus.yml', () => {
  it('is taken by promtool, with the rules beside it', async ({ skip }) => {
    if (!isInstalled('promtool')) skip('promtool is not installed')
    const promtool = startProgram('promtool', ['check', 'config', CONFIG])
    expect(await promtool.ended, promtool.output()).toBe(0)
    expect(promtool.output()).toMatch(/SUCCESS: \d+ rules found/)
  })

  it('scrapes the relay, and loads the rules', { timeout: 120_000 }, async ({ skip }) => {
    if (!isInstalled('prometheus')) skip('prometheus is not installed')
    const relay = await startRelay()
    const folder = createFolder()
    cpSync(inRepository('observability'), folder, { recursive: true })
    const config = readFileSync(CONFIG, 'utf8')
      .replace("'127.0.0.1:8081'", `'${new URL(relay.admin).host}'`)
      .replace('scrape_interval: 15s', 'scrape_interval: 1s')
    expect(config).toContain(new URL(relay.admin).host)
    writeFileSync(join(folder, 'prometheus.yml'), config)

    const address = `127.0.0.1:${await freePort()}`
    // As its comment says, but for where it listens
    const said =
      /--config\.file=observability\/prometheus\.yml --storage\.tsdb\.path=\S+ (--\S+)/.exec(config)?.[1] ?? ''
    const prometheus = startProgram('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      said,
      `--web.listen-address=${address}`,
    ])
    const api = async (path: string): Promise<unknown> => {
      const response = await fetch(`http://${address}/api/v1/${path}`).catch(() => undefined)
      return response?.ok === true ? ((await response.json()) as { data: unknown }).data : undefined
    }
    const query = async (expression: string): Promise<readonly Series[]> =>
      ((await api(`query?query=${encodeURIComponent(expression)}`)) as { result: readonly Series[] } | undefined)
        ?.result ?? []

    const health = await until('health is there', prometheus.output, async () => {
      const series = await query('health{job="svc"}')
      return series.length > 0 && series
    })
    expect(health.map(({ metric, value }) => `${metric['service_id']} ${value[1]}`).toSorted()).toEqual(
      ['Relay', 'Relay.Api', 'Relay.Deliveries', 'Relay.Retention', 'Relay.Store'].map((id) => `${id} 1`),
    )
    expect((await query('up{job="svc"}')).map(({ value }) => value[1])).toEqual(['1'])
    const { activeTargets } = (await api('targets')) as {
      activeTargets: readonly { health: string; lastError: string }[]
    }
    expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }])
    const { groups } = (await api('rules?type=alert')) as { groups: readonly { rules: readonly unknown[] }[] }
    expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(10)

    const questions = readTable('questions').flatMap(({ expression }) => codeIn(expression))
    expect(questions.length).toBeGreaterThan(4)
    for (const expression of questions)
      expect(await api(`query?query=${encodeURIComponent(expression)}`), expression).toBeDefined()

    await prometheus.end()
    expect(await relay.end(), relay.output()).toBe(0)
  })
})

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}
