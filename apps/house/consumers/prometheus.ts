import assert from 'node:assert/strict'
import { createScope, emit } from '@svc/core'
import { prometheus } from '@svc/prometheus'
import { Registry } from 'prom-client'

const registry = new Registry()
const exporter = prometheus({ registry })
const scope = createScope({ name: 'App', exporters: [exporter] })
emit(scope, { type: 'state', scope, previous: 'Starting', state: 'Started', at: Date.now() })
assert.match(await registry.metrics(), /svc_state\{service_id="App",state="Started"\} 1/)
exporter[Symbol.dispose]()
assert.equal((await registry.metrics()).trim(), '')
