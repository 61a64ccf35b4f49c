import type { StartClose } from '@svc/core'
import { closeAll, createMultiStart } from '@svc/multistart'
import { BadInputError } from '../bad-input-error.ts'
import { createDriver } from '../driver.ts'
import { perform } from '../perform.ts'
import { isFault, isRecord, type Scenario, type Step } from '../scenario.ts'
import { byBytes, showSortedOutcome } from '../show.ts'

export function replayMultiStart(scenario: Scenario): Promise<readonly string[]> {
  const records: string[] = []
  const fakes = createFakes(scenario, (line) => records.push(line))
  const multi = createMultiStart()
  const driver = createDriver()
  function named(step: Step): readonly StartClose[] {
    return step.texts().map((name) => {
      const fake = fakes.get(name)
      if (fake === undefined) throw new BadInputError(`Cannot replay "${scenario.id}": "services" has no "${name}"`)
      return fake
    })
  }
  return perform(
    scenario,
    {
      start: (step) => {
        const services = named(step)
        driver.begin('start', () => multi.start(services))
      },
      close: () => {
        driver.begin('close', () => multi.close())
      },
      closeBecause: (step) => {
        const reason = new Error(step.text(1))
        driver.begin('closeBecause', () => multi.closeBecause(reason))
      },
      closeAll: (step) => {
        const closables = named(step)
        driver.begin('closeAll', () => closeAll(closables), showSortedOutcome)
      },
    },
    async (verb) => {
      const ended = await driver.settle()
      const recorded = records.splice(0)
      return [...(verb === 'closeAll' ? recorded.toSorted(byBytes) : recorded), ...ended]
    },
  )
}

function createFakes(scenario: Scenario, record: (line: string) => void): ReadonlyMap<string, StartClose> {
  const services = scenario.field('services')
  if (!isRecord(services)) throw new BadInputError(`Cannot replay "${scenario.id}": expected an object as "services"`)
  return new Map(
    Object.entries(services).map(([name, faults]) => {
      if (!isRecord(faults) || !isFault(faults['start']) || !isFault(faults['close'])) {
        throw new BadInputError(
          `Cannot replay "${scenario.id}": expected "ok" or "fail" as "start" and "close" of "${name}"`,
        )
      }
      return [name, createFake(name, faults['start'] === 'fail', faults['close'] === 'fail', record)]
    }),
  )
}

function createFake(
  name: string,
  failsToStart: boolean,
  failsToClose: boolean,
  record: (line: string) => void,
): StartClose {
  return {
    start() {
      record(failsToStart ? `${name} start failure` : `${name} started`)
      if (failsToStart) throw new Error(`failed to start: ${name}`)
    },
    close() {
      record(failsToClose ? `${name} close failure` : `${name} closed`)
      if (failsToClose) throw new Error(`failed to close: ${name}`)
    },
  }
}
