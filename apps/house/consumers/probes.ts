import assert from 'node:assert/strict'
import type { HealthSource } from '@svc/core'
import { createProbes } from '@svc/probes'

const source: HealthSource = {
  snapshot: () => ({
    version: '1.2.3',
    commit: 'abc',
    startedAt: 0,
    checkedAt: 0,
    revision: 1,
    ready: false,
    healthy: true,
    everReady: true,
    readiness: new Map([['App', new Error('warming up')]]),
    health: new Map([['App', null]]),
  }),
}
const handler = createProbes({ source, draining: new AbortController().signal })
const status = async (path: string): Promise<number> => (await handler(new Request(`http://localhost${path}`))).status
assert.equal(await status('/livez'), 200)
assert.equal(await status('/readyz'), 503)
assert.equal(await status('/nowhere'), 404)
