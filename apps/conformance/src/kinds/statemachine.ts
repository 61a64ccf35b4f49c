import { isServiceError, type ServiceErrorCode } from '@svc/core'
import { createStateMachine } from '@svc/statemachine'
import { createDriver } from '../driver.ts'
import { createGates } from '../gates.ts'
import { createHook } from '../hook.ts'
import { perform } from '../perform.ts'
import type { Scenario } from '../scenario.ts'
import { showOutcome } from '../show.ts'

export function replayStateMachine(scenario: Scenario): Promise<readonly string[]> {
  const machine = createStateMachine({ name: 'svc' })
  const driver = createDriver()
  const gates = createGates()
  return perform(
    scenario,
    {
      start: (step) => {
        const hook = createHook(step, 2, gates)
        driver.begin(`${step.text(1)} start`, () => machine.startOnce(hook))
      },
      stop: (step) => {
        const hook = createHook(step, 2, gates)
        driver.begin(`${step.text(1)} stop`, () => machine.stopOnce(hook))
      },
      ifStarted: (step) => {
        const hook = createHook(step, 2, gates)
        driver.begin(
          `${step.text(1)} ifStarted`,
          () => machine.ifStarted(hook),
          (error) => showRan(error, 'NOT_STARTED'),
        )
      },
      ifNotStopped: (step) => {
        const hook = createHook(step, 2, gates)
        driver.begin(
          `${step.text(1)} ifNotStopped`,
          () => machine.ifNotStopped(hook),
          (error) => showRan(error, 'ALREADY_STOPPED'),
        )
      },
      append: (step) => {
        machine.errors.append(new Error(step.text(1)))
      },
      release: (step) => {
        gates.open(step.text(1))
      },
      ready: () => `ready ${showOutcome(machine.readiness())}`,
      healthy: () => `healthy ${showOutcome(machine.health())}`,
      state: () => `state ${machine.state()}`,
    },
    () => driver.settle(),
  )
}

/** The original tells whether the function ran; ours refuses with a code when it did not. */
function showRan(error: Error | null, refusal: ServiceErrorCode): string {
  if (error === null) return 'true'
  return isServiceError(error, refusal) ? 'false' : showOutcome(error)
}
