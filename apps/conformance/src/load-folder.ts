import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BadInputError } from './bad-input-error.ts'
import { createScenario, isRecord, type Scenario } from './scenario.ts'

/** A scenario, and the lines that the original printed. */
export interface Recording {
  readonly scenario: Scenario
  readonly expected: readonly string[]
}

/** Reads `scenarios.jsonl` and `transcripts.jsonl`. @throws BadInputError naming the file and the line. */
export async function loadFolder(folder: string): Promise<readonly Recording[]> {
  if (!(await isFolder(folder))) throw new BadInputError(`Cannot replay "${folder}": it is not a folder`)
  const scenarios = await readScenarios(join(folder, 'scenarios.jsonl'))
  const transcripts = await readTranscripts(join(folder, 'transcripts.jsonl'))
  return scenarios.map((scenario) => {
    const expected = transcripts.get(scenario.id)
    if (expected === undefined)
      throw new BadInputError(`Cannot replay "${scenario.id}": it has no transcript in "${folder}"`)
    return { scenario, expected }
  })
}

async function readScenarios(file: string): Promise<readonly Scenario[]> {
  const scenarios = new Map<string, Scenario>()
  for (const { value, where } of await readLines(file)) {
    const scenario = createScenario(value, where)
    if (scenarios.has(scenario.id)) throw new BadInputError(`Cannot read ${where}: "${scenario.id}" comes twice`)
    scenarios.set(scenario.id, scenario)
  }
  if (scenarios.size === 0) throw new BadInputError(`Cannot read "${file}": it holds no scenario`)
  return [...scenarios.values()]
}

async function readTranscripts(file: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const transcripts = new Map<string, readonly string[]>()
  for (const { value, where } of await readLines(file)) {
    if (!isRecord(value) || typeof value['id'] !== 'string' || !isTexts(value['lines'])) {
      throw new BadInputError(`Cannot read ${where}: expected a transcript, { id, lines }`)
    }
    if (transcripts.has(value['id'])) throw new BadInputError(`Cannot read ${where}: "${value['id']}" comes twice`)
    transcripts.set(value['id'], value['lines'])
  }
  return transcripts
}

async function readLines(file: string): Promise<readonly { readonly value: unknown; readonly where: string }[]> {
  const lines = (await readText(file))
    .split('\n')
    .map((text, index) => ({ text, where: `line ${index + 1} of "${file}"` }))
  return lines.filter(({ text }) => text.trim() !== '').map(({ text, where }) => ({ value: parse(text, where), where }))
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new BadInputError(`Cannot read "${file}": ${(error as Error).message}`, { cause: error })
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadInputError(`Cannot read ${where}: ${(error as Error).message}`, { cause: error })
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    return false
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string')
}
