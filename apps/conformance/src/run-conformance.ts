import { resolve } from 'node:path'
import { BadInputError } from './bad-input-error.ts'
import { loadFolder } from './load-folder.ts'
import { replay } from './replay.ts'
import { showDifference } from './show-difference.ts'

/** Where the command line was written, and where to print. */
export interface Terminal {
  readonly cwd: string
  print(line: string): void
  complain(line: string): void
}

/**
 * Replays the folder that the arguments name, prints each difference and last `N same, M different`.
 *
 * @returns the exit code: 0 when nothing differs, 1 when something does, 2 when the folder cannot be replayed.
 */
export async function runConformance(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [folder, ...surplus] = args
    if (folder === undefined || surplus.length > 0) {
      throw new BadInputError(
        `Cannot replay: expected one folder, as in "npm run conformance -- FOLDER", got ${args.length} arguments`,
      )
    }
    return await compare(resolve(terminal.cwd, folder), terminal)
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error
    terminal.complain(error.message)
    return 2
  }
}

async function compare(folder: string, terminal: Terminal): Promise<number> {
  const found: string[][] = []
  const recordings = await loadFolder(folder)
  for (const { scenario, expected } of recordings) {
    const difference = showDifference(expected, await replay(scenario))
    if (difference.length > 0)
      found.push([`${scenario.id} (- expected, + got)`, ...difference.map((line) => `  ${line}`), ''])
  }
  for (const line of found.flat()) terminal.print(line)
  terminal.print(`${recordings.length - found.length} same, ${found.length} different`)
  return found.length === 0 ? 0 : 1
}
