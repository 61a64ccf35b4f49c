import { type HealthReporter, isServiceError } from '@svc/core'
import { createHealthChecker } from '@svc/health'
import { BadInputError } from '../bad-input-error.ts'
import { createDriver } from '../driver.ts'
import { perform } from '../perform.ts'
import { isRecord, readMessages, type Scenario } from '../scenario.ts'
import { showReport } from '../show.ts'
import { reportOf } from './copyhealth.ts'

export async function replayHealth(scenario: Scenario): Promise<readonly string[]> {
  const reporters = readReporters(scenario)
  const checker = createHealthChecker()
  const driver = createDriver()
  const lines = await perform(
    scenario,
    {
      start: () => {
        driver.begin('start', () => checker.start())
      },
      close: () => {
        driver.begin('close', () => checker.close())
      },
      register: (step) => {
        const name = step.text(1)
        return `register ${showRefusal(() => checker.register(reporters.get(name) ?? createReporter(name, null, new Map())))}`
      },
      unregister: (step) => {
        const name = step.text(1)
        return `unregister ${showRefusal(() => checker.unregister(name))}`
      },
      isReady: () => `isReady ${checker.isReady()} ${showReport(checker.snapshot().readiness)}`,
      isHealthy: () => `isHealthy ${checker.isHealthy()} ${showReport(checker.snapshot().health)}`,
    },
    () => driver.settle(),
  )
  await release(checker)
  return lines
}

/** Its timer would keep the process alive; a scenario may well have closed it, or never started it. */
async function release(checker: { close(): Promise<void> }): Promise<void> {
  try {
    await checker.close()
  } catch (error) {
    if (!isServiceError(error)) throw error
  }
}

/** A name that is wrong is a `TypeError`, one that is taken `DUPLICATE_NAME`. */
function showRefusal(attempt: () => unknown): string {
  try {
    attempt()
    return 'ok'
  } catch (error) {
    if (error instanceof TypeError || isServiceError(error, 'DUPLICATE_NAME')) return 'refused'
    throw error
  }
}

function readReporters(scenario: Scenario): ReadonlyMap<string, HealthReporter> {
  const reporters = scenario.field('reporters')
  if (!isRecord(reporters)) throw new BadInputError(`Cannot replay "${scenario.id}": expected an object as "reporters"`)
  return new Map(
    Object.entries(reporters).map(([name, value]) => {
      const ready = isRecord(value) ? value['ready'] : undefined
      const report = isRecord(value) ? readMessages(value['report']) : undefined
      if ((typeof ready !== 'string' && ready !== null) || report === undefined) {
        throw new BadInputError(`Cannot replay "${scenario.id}": expected { ready, report } as reporter "${name}"`)
      }
      return [name, createReporter(name, ready, report)]
    }),
  )
}

function createReporter(
  name: string,
  ready: string | null,
  messages: ReadonlyMap<string, string | null>,
): HealthReporter {
  const readiness = ready === null ? null : new Error(ready)
  const report = reportOf(messages)
  return { name: () => name, readiness: () => readiness, healthReport: () => report }
}
