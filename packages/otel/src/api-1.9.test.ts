import { createRequire } from 'node:module'
import type * as OtherApi from 'otel-api-1.9'
import { describe, expect, it, vi } from 'vitest'
import { useApi } from './fixtures/use-api.ts'

useApi('otel-api-1.9')
const [api, { line }, { describeAll }] = await Promise.all([
  import('@opentelemetry/api'),
  import('./fixtures/line-2.ts'),
  import('./fixtures/all.suite.ts'),
])

describe('API 1.9 and SDK 2', () => {
  it('has an API without logs, and an SDK that uses the same copy of it', () => {
    const api19 = createRequire(import.meta.url)('otel-api-1.9') as typeof OtherApi
    const active = vi.spyOn(api19.context, 'active')
    line.createSdk().provider.getTracer('test').startSpan('test').end()
    expect([Object.is(api.context, api19.context), 'logs' in api, active.mock.calls.length > 0]).toEqual([
      true,
      false,
      true,
    ])
    active.mockRestore()
  })

  describeAll(line)
})
