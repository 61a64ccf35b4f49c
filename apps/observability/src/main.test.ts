import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pathOf, read } from './fixtures/rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'svc-observability-'))

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function run(...args: readonly string[]): {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
} {
  const program = ['--conditions=@svc/source', pathOf('apps/observability/src/main.ts')]
  const env = { PATH: process.env['PATH'], INIT_CWD: folder }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], { encoding: 'utf8', env })
  return { code: status, stdout, stderr }
}

describe('npm run observability', () => {
  it('writes into a folder what is committed', () => {
    const out = join(folder, 'same')
    const { code, stdout } = run('--out', out)
    expect(code).toBe(0)
    const names = stdout
      .trim()
      .split('\n')
      .map((path) => path.slice(out.length + 1))
    expect(names).toEqual(['svc-alerts.yml', 'svc-prometheusrule.yml', 'grafana/svc.json'])
    for (const name of names) expect(readFileSync(join(out, name), 'utf8')).toBe(read(`observability/${name}`))
  })

  it('takes what an installation has of its own, and a folder as seen from where it was called', () => {
    const options = ['--job', 'relay', '--job', 'billing', '--prefix', 'app_', '--runbook', 'https://x.example/r']
    expect(run('--out', 'own/rules', ...options, '--time-factor', '0.5')).toMatchObject({ code: 0, stderr: '' })
    const text = readFileSync(join(folder, 'own/rules/svc-alerts.yml'), 'utf8')
    expect(text).toContain('app_build_info or up{job=~"relay|billing"}')
    expect(text).toContain('runbook_url: https://x.example/r#svcunhealthy')
    expect(text).toContain('for: 150s')
  })

  it.each([
    [['--prefix', 'app_'], 'Cannot change the files that are committed: they have no options. Expected --out FOLDER'],
    [['--out', 'x', '--time-factor', 'fast'], 'Cannot use the factor NaN. Expected a number above 0, at most 1000'],
    [['--out', 'x', '--jobs', 'a'], "Unknown option '--jobs'"],
    [['x'], "Unexpected argument 'x'"],
  ])('refuses %j with a line that says why, and its usage', (args, message) => {
    const { code, stderr } = run(...args)
    expect(code).toBe(2)
    expect(stderr.split('\n')[0]).toContain(message)
    expect(stderr).toContain('Usage: npm run observability -- [options]')
  })
})
