import assert from 'node:assert/strict'
import type { HealthReporter } from '@svc/core'
import { createHealthChecker } from '@svc/health'

let error: Error | null = null
const database: HealthReporter = {
  name: () => 'Database',
  readiness: () => error,
  healthReport: () => new Map([['Database', error]]),
}
const checker = createHealthChecker({ version: '1.2.3', commit: 'abc', intervalMs: 5 })
const unregister = checker.register(database)
await checker.start()
assert.equal(checker.isReady(), true)
error = new Error('away')
while (checker.isHealthy()) await new Promise((resolve) => setTimeout(resolve, 5))
assert.equal(checker.snapshot().health.get('Database'), error)
unregister()
await checker.close()
