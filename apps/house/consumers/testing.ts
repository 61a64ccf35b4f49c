import assert from 'node:assert/strict'
import { assertHealthReportNames, createFakeService, createTestScope, runForTest, runHealthy } from '@svc/testing'

const scope = createTestScope()
const cleanups: (() => Promise<void>)[] = []
const cleanup = (fn: () => Promise<void>): void => void cleanups.push(fn)

const fake = await runHealthy(createFakeService({ name: 'Fake', parent: scope }), cleanup)
assertHealthReportNames(fake.healthReport(), [fake.name()])
const broken = createFakeService({ name: 'Broken', parent: scope, faults: { start: 'reject' } })
await assert.rejects(runForTest(broken, cleanup))
for (const fn of cleanups) await fn()
assert.ok(scope.events.length > 0)
scope.assertNothingLeaked()
