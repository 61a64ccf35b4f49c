import * as api from '@opentelemetry/api'
import { describe, expect, it, vi } from 'vitest'
import { describeAll } from './fixtures/all.suite.ts'
import { line } from './fixtures/line-3.ts'

describe('API 1.10 and SDK 3', () => {
  it('has an API with logs, and an SDK that uses the same copy of it', () => {
    const active = vi.spyOn(api.context, 'active')
    line.createSdk().provider.getTracer('test').startSpan('test').end()
    expect(['logs' in api, active.mock.calls.length > 0]).toEqual([true, true])
    active.mockRestore()
  })

  describeAll(line)
})
