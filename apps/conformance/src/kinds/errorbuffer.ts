import { createErrorBuffer } from '@svc/core'
import { perform } from '../perform.ts'
import type { Scenario } from '../scenario.ts'
import { showOutcome } from '../show.ts'

export function replayErrorBuffer(scenario: Scenario): Promise<readonly string[]> {
  const buffer = createErrorBuffer()
  return perform(scenario, {
    append: (step) => {
      buffer.append(new Error(step.text(1)))
    },
    cap: (step) => {
      buffer.setCap(step.count(1))
    },
    flush: () => `flush ${showOutcome(buffer.flush().error)}`,
  })
}
