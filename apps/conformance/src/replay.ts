import { BadInputError } from './bad-input-error.ts'
import { showThrown } from './perform.ts'
import type { Scenario } from './scenario.ts'

type Replay = (scenario: Scenario) => Promise<readonly string[]>

/** Loaded when first met, so that a folder needs only the packages that its scenarios are about. */
const KINDS: Readonly<Record<string, () => Promise<Replay>>> = {
  errorbuffer: async () => (await import('./kinds/errorbuffer.ts')).replayErrorBuffer,
  statemachine: async () => (await import('./kinds/statemachine.ts')).replayStateMachine,
  multistart: async () => (await import('./kinds/multistart.ts')).replayMultiStart,
  service: async () => (await import('./kinds/service.ts')).replayService,
  copyhealth: async () => (await import('./kinds/copyhealth.ts')).replayCopyHealth,
  stopchan: async () => (await import('./kinds/stopchan.ts')).replayStopChan,
  health: async () => (await import('./kinds/health.ts')).replayHealth,
}

/** Runs a scenario against the packages and gives the lines that it prints. @throws BadInputError for one that is malformed. */
export async function replay(scenario: Scenario): Promise<readonly string[]> {
  const { id, kind } = scenario
  const load = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
  if (load === undefined) {
    throw new BadInputError(`Cannot replay "${id}": kind "${kind}" is none of ${Object.keys(KINDS).join(', ')}`)
  }
  const replayKind = await load()
  try {
    return await replayKind(scenario)
  } catch (error) {
    if (error instanceof BadInputError) throw error
    return [showThrown(error)]
  }
}
