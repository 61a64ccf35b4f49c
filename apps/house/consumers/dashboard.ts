import assert from 'node:assert/strict'
import { createScope, emit } from '@svc/core'
import { createDashboard } from '@svc/dashboard'

const dashboard = createDashboard({ title: 'Program' })
const scope = createScope({ name: 'App', exporters: [dashboard] })
emit(scope, { type: 'state', scope, previous: 'Starting', state: 'Started', at: Date.now() })
const handler = dashboard.handler(() => new Response('next'))
const get = async (path: string): Promise<string> => (await handler(new Request(`http://localhost${path}`))).text()
assert.match(await get('/'), /data-level="good" data-id="App"/)
assert.match(await get('/debug/traces'), /<title>.*Program<\/title>/)
assert.match(await get('/debug/dashboard.js'), /EventSource/)
assert.equal(await get('/metrics'), 'next')
await dashboard.flush()
