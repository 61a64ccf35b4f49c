import { spawnSync } from 'node:child_process'
import { emit } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { clients } from './fixtures/clients.ts'
import { createFakeSource } from './fixtures/fake-source.ts'
import { ODD_NAMES } from './fixtures/odd-names.ts'
import { child, createProgram, fail, run, seriesIn, start } from './fixtures/program.ts'

const missing = spawnSync('promtool', ['--version']).error !== undefined

function check(text: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

describe.each(clients)('promtool check metrics, of prometheus() with %s', (_, { Registry }) => {
  it('finds nothing, with every metric there and under odd names', async (context) => {
    if (missing) context.skip('promtool is not installed (Debian: the package "prometheus")')
    const registry = new Registry()
    const { scope } = createProgram({ registry, maxServices: ODD_NAMES.length })
    const source = createFakeSource({ version: 'v"1"\n', commit: '\\' })
    for (const name of [...ODD_NAMES, 'One', 'more']) {
      const service = child(scope, name)
      start(service)
      fail(service, 'start', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
      fail(service, 'close', new TypeError('x'))
      run(service, 'task', name, 1)
      emit(service, { type: 'error', scope: service, error: new Error('x'), dropped: 1 })
    }
    source.poll(scope, Object.fromEntries([...ODD_NAMES, 'One', 'more'].map((name) => [name, null])))
    const text = await registry.metrics()

    const metrics = new Set(seriesIn(text, '').map((line) => line.replace(/(_bucket|_sum|_count)?[{ ].*/, '')))
    expect(metrics.size).toBe(19)
    expect(seriesIn(text, /^svc_state_code/)).toMatchInlineSnapshot(`
      [
        "svc_state_code{service_id="__proto__"} 6",
        "svc_state_code{service_id="constructor"} 6",
        "svc_state_code{service_id="a.b"} 6",
        "svc_state_code{service_id="quote\\"quote"} 6",
        "svc_state_code{service_id="line\\nline"} 6",
        "svc_state_code{service_id="back\\\\slash"} 6",
        "svc_state_code{service_id="\\\\n"} 6",
        "svc_state_code{service_id="brace}brace{"} 6",
        "svc_state_code{service_id="emoji 🙂"} 6",
        "svc_state_code{service_id=" "} 6",
        "svc_state_code{service_id="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"} 6",
        "svc_state_code{service_id="_other"} 6",
      ]
    `)
    expect(check(text)).toEqual({ status: 0, output: '' })
  })

  it('finds nothing before anything has happened', async (context) => {
    if (missing) context.skip('promtool is not installed (Debian: the package "prometheus")')
    const registry = new Registry()
    createProgram({ registry })

    expect(check(await registry.metrics())).toEqual({ status: 0, output: '' })
  })
})
