import { BadInputError } from './bad-input-error.ts'

/** A small program: steps to take, and what its kind needs besides. */
export interface Scenario {
  readonly id: string
  readonly kind: string
  readonly steps: readonly Step[]
  /** Reads a field of the scenario that only its kind has. @throws BadInputError when it is not there. */
  field(name: string): unknown
}

/** One step: a verb, then words that are counted from 1. Each reader throws a BadInputError for a word of another sort. */
export interface Step {
  readonly verb: string
  text(at: number): string
  texts(): readonly string[]
  count(at: number): number
  /** A map from names to a text or `null`. */
  messages(at: number): ReadonlyMap<string, string | null>
}

/** Checks the shape of a scenario. @throws BadInputError saying what is missing. */
export function createScenario(value: unknown, where: string): Scenario {
  if (!isRecord(value)) throw new BadInputError(`Cannot read ${where}: expected a scenario, { id, kind, steps }`)
  const { id, kind, steps } = value
  if (typeof id !== 'string' || typeof kind !== 'string' || !Array.isArray(steps)) {
    throw new BadInputError(`Cannot read ${where}: expected a scenario, { id, kind, steps }`)
  }
  return {
    id,
    kind,
    steps: (steps as readonly unknown[]).map((step, index) => createStep(step, `step ${index + 1} of "${id}"`)),
    field(name) {
      if (!Object.hasOwn(value, name))
        throw new BadInputError(`Cannot replay "${id}": kind "${kind}" needs a field "${name}"`)
      return value[name]
    },
  }
}

function createStep(value: unknown, where: string): Step {
  if (!Array.isArray(value) || typeof value[0] !== 'string') {
    throw new BadInputError(`Cannot read ${where}: expected an array that begins with a verb`)
  }
  const [verb, ...words] = value as [string, ...unknown[]]
  function refuse(at: number, expected: string): BadInputError {
    return new BadInputError(
      `Cannot read ${where}: expected ${expected} as word ${at} of "${verb}", got ${JSON.stringify(words[at - 1])}`,
    )
  }
  function text(at: number): string {
    const word = words[at - 1]
    if (typeof word !== 'string') throw refuse(at, 'a string')
    return word
  }
  return {
    verb,
    text,
    texts: () => words.map((_, index) => text(index + 1)),
    count(at) {
      const word = words[at - 1]
      if (typeof word !== 'number') throw refuse(at, 'a number')
      return word
    },
    messages(at) {
      const messages = readMessages(words[at - 1])
      if (messages === undefined) throw refuse(at, 'an object whose values are strings or null')
      return messages
    },
  }
}

/** Whether a hook does its work or fails. */
export type Fault = 'ok' | 'fail'

export function isFault(value: unknown): value is Fault {
  return value === 'ok' || value === 'fail'
}

/** A map from names to a text or `null`, or `undefined` when the value is none. */
export function readMessages(value: unknown): ReadonlyMap<string, string | null> | undefined {
  if (!isRecord(value)) return undefined
  const entries = Object.entries(value)
  return entries.every(isMessage) ? new Map(entries) : undefined
}

function isMessage(entry: readonly [string, unknown]): entry is [string, string | null] {
  return typeof entry[1] === 'string' || entry[1] === null
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
