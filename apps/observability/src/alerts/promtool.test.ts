import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { type Groups, pathOf, read } from '../fixtures/rules.ts'
import { ruleFiles } from './rule-files.ts'

const missing = spawnSync('promtool', ['--version']).error !== undefined
const WHY = 'promtool is not installed (Debian: the package "prometheus")'
const folder = mkdtempSync(join(tmpdir(), 'svc-rules-'))
const INTERVAL_SECONDS = 15

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function promtool(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('promtool', args, (_, stdout, stderr) => {
      resolve(stdout + stderr)
    })
  })
}

function check(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  writeFileSync(file, text)
  return promtool('check', 'rules', '--lint=all', '--lint-fatal', file)
}

interface Changeable {
  readonly alert?: string
  expr: string
  for?: string
}

/** Changes every alert, and gives the names of those of which a test fails then. */
async function failingWith(name: string, change: (rule: Changeable) => void): Promise<readonly string[]> {
  const rules = parse(read('observability/svc-alerts.yml')) as Groups
  for (const rule of rules.groups.flatMap((group) => group.rules)) if (rule.alert !== undefined) change(rule)
  writeFileSync(join(folder, `${name}.yml`), stringify(rules))
  const tests = join(folder, `${name}.test.yml`)
  writeFileSync(tests, read('observability/tests/alerts.test.yml').replace('../svc-alerts.yml', `${name}.yml`))
  const failed = [...(await promtool('test', 'rules', tests)).matchAll(/alertname: ?(\w+), time: ?(\w+)/g)]
  return [...new Set(failed.map(([, alert = '']) => alert))].toSorted()
}

function alertsWhere(isWanted: (rule: Changeable) => boolean): readonly string[] {
  const rules = (parse(read('observability/svc-alerts.yml')) as Groups).groups.flatMap((group) => group.rules)
  const wanted = rules.filter((rule) => rule.alert !== undefined && isWanted(rule))
  return [...new Set(wanted.map(({ alert = '' }) => alert))].toSorted()
}

function seconds(text: string): number {
  return Number.parseInt(text) * { s: 1, m: 60, h: 3_600 }[text.at(-1) as 's' | 'm' | 'h']
}

/** A comparison with a number that is counted, not with a time and not with a state. */
const COUNTED = /(?<=\]\)|svc_build_info\)\)|duration_seconds) > (\d+)/g

/** Makes an alert come one evaluation later or earlier; one that does not wait, asks for one more or one less. */
function move(by: 1 | -1): (rule: Changeable) => void {
  return (rule) => {
    if (rule.for !== undefined) rule.for = `${seconds(rule.for) + by * INTERVAL_SECONDS}s`
    else rule.expr = rule.expr.replaceAll(COUNTED, (_, count: string) => ` > ${Number(count) + by}`)
  }
}

describe('promtool', () => {
  it('finds nothing in the rules, nor in those of an installation of its own', async ({ skip }) => {
    if (missing) skip(WHY)
    const options = { jobs: ['relay', 'a"b\\..*\n'], prefix: 'app_', runbook: 'https://x.example/r', timeFactor: 0.001 }
    const own = ruleFiles(options)
    const found = await Promise.all([
      check('plain.yml', ruleFiles()['svc-alerts.yml']),
      check('own.yml', own['svc-alerts.yml']),
      check('operator.yml', stringify((parse(own['svc-prometheusrule.yml']) as { readonly spec: Groups }).spec)),
    ])
    for (const output of found) expect(output).toMatch(/^Checking .*\n {2}SUCCESS: \d+ rules found\n*$/)
  })

  it('sees the rules do as their tests say', async ({ skip }) => {
    if (missing) skip(WHY)
    const files = ['alerts', 'normal-life', 'long'].map((name) => pathOf(`observability/tests/${name}.test.yml`))
    const outputs = await Promise.all(files.map((file) => promtool('test', 'rules', file)))
    for (const output of outputs) expect(output).toMatch(/^Unit Testing: .*\n {2}SUCCESS\n*$/)
  }, 300_000)

  it('sees a test of each alert fail when it comes a little later, or sooner', async ({ skip }) => {
    if (missing) skip(WHY)
    const moved = alertsWhere((rule) => rule.for !== undefined || rule.expr.search(COUNTED) >= 0)
    // Fires at once, at what is no number
    expect(alertsWhere(() => true).filter((alert) => !moved.includes(alert))).toEqual(['SvcStopFailed'])
    const [later, sooner] = await Promise.all([failingWith('later', move(1)), failingWith('sooner', move(-1))])
    expect(later).toEqual(moved)
    expect(sooner).toEqual(moved)
  }, 300_000)
})
