import { describe, expect, it } from 'vitest'
import type { HealthSnapshot } from './health-node.ts'
import { combine, lastCheckSeconds, METRIC_FACTS, uptimeSeconds } from './metric-facts.ts'
import { now } from './clock.ts'

const snapshotsOf = (...times: readonly number[]): HealthSnapshot[] =>
  times.map((time) => ({ startedAt: time, checkedAt: time }) as HealthSnapshot)

describe('metric facts', () => {
  it('names every state by its number', () => {
    expect(METRIC_FACTS.stateCode.help).toMatch(/^State of a service by number: 0 Unstarted, 1 Started, .*6 \w+$/)
  })

  it('combines two values as the metric wants it', () => {
    const aggregators = ['sum', 'min', 'max', 'first'] as const
    expect(aggregators.map((aggregator) => combine(aggregator, 2, 3))).toEqual([5, 2, 3, 2])
    expect(aggregators.map((aggregator) => combine(aggregator, 3, 2))).toEqual([5, 2, 3, 3])
  })

  it('takes the earliest checker that has begun', () => {
    expect(lastCheckSeconds(snapshotsOf(0, 5000, 3000))).toBe(3)
    expect([snapshotsOf(), snapshotsOf(0)].flatMap((it) => [lastCheckSeconds(it), uptimeSeconds(it)])).toEqual(
      Array.from({ length: 4 }, () => undefined),
    )
    expect(uptimeSeconds(snapshotsOf(now() + 1e6))).toBe(0)
    expect(uptimeSeconds(snapshotsOf(now(), now() - 60_000))).toBeGreaterThanOrEqual(60)
  })
})
