import assert from 'node:assert/strict'
import { trace } from '@opentelemetry/api'
import { createScope, runOperation } from '@svc/core'
import { otel } from '@svc/otel'

// With the API alone there is no provider: nothing is recorded, and nothing complains
const scope = createScope({ name: 'App', exporters: [otel({ tracerProvider: trace })] })
const silent = createScope({ name: 'App', exporters: [otel()] })
for (const each of [scope, silent]) assert.equal(await runOperation(each, 'start', 'App', () => 7), 7)
