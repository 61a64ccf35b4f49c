import { toError } from '@svc/core'
import { BadInputError } from './bad-input-error.ts'
import type { Scenario, Step } from './scenario.ts'

/** What each verb of a kind does; what it gives back is its line. */
export type Verbs = Readonly<Record<string, (step: Step) => string | undefined>>

/** Gives the lines of what has happened besides since the step was taken. */
export type Window = (verb: string) => Promise<readonly string[]>

/**
 * Takes the steps of a scenario in order. A verb that throws gets a line that says so, which no transcript has.
 *
 * @param window - for kinds whose steps may block: called after each step.
 * @throws BadInputError for a verb that the kind does not have.
 */
export async function perform(scenario: Scenario, verbs: Verbs, window?: Window): Promise<readonly string[]> {
  const lines: string[] = []
  for (const step of scenario.steps) {
    const said = take(step, verbs, scenario)
    if (said !== undefined) lines.push(said)
    if (window !== undefined) lines.push(...(await window(step.verb)))
  }
  return lines
}

/** A line that no transcript has: the packages threw where the original did not. */
export function showThrown(error: unknown): string {
  const { name, message } = toError(error)
  return `threw ${name}: ${message}`
}

function take(step: Step, verbs: Verbs, { id, kind }: Scenario): string | undefined {
  const verb = Object.hasOwn(verbs, step.verb) ? verbs[step.verb] : undefined
  if (verb === undefined) throw new BadInputError(`Cannot replay "${id}": kind "${kind}" has no verb "${step.verb}"`)
  try {
    return verb(step)
  } catch (error) {
    if (error instanceof BadInputError) throw error
    return `${step.verb} ${showThrown(error)}`
  }
}
