import { type HealthReport, mergeReports } from '@svc/core'
import { perform } from '../perform.ts'
import type { Scenario } from '../scenario.ts'
import { showReport } from '../show.ts'

export function replayCopyHealth(scenario: Scenario): Promise<readonly string[]> {
  let merged: HealthReport = new Map()
  return perform(scenario, {
    merge: (step) => {
      merged = mergeReports([merged, reportOf(step.messages(1))])
      return `report ${showReport(merged)}`
    },
  })
}

/** A report in which each message is an error. */
export function reportOf(messages: ReadonlyMap<string, string | null>): HealthReport {
  return new Map([...messages].map(([name, message]) => [name, message === null ? null : new Error(message)]))
}
