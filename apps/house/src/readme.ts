import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './workspace.ts'

/** A block of TypeScript in a README. */
export interface Example {
  /** Where it stands, as in `packages/core/README.md:12`. */
  readonly at: string
  readonly code: string
  /** What it says that it prints, a line for each `// prints: …` comment; null where it does not say. */
  readonly prints: readonly string[] | null
  /** For a program that runs until it is told to stop: the signal of its `// ends with: …` comment. */
  readonly endsWith: NodeJS.Signals | null
}

/** The blocks marked `ts` of the README in `folder`. */
export function examplesIn(folder: string): readonly Example[] {
  const file = join(ROOT, folder, 'README.md')
  if (!existsSync(file)) return []
  const path = folder === '.' ? 'README.md' : `${folder}/README.md`
  return parseExamples(path, readFileSync(file, 'utf8'))
}

export function parseExamples(path: string, text: string): readonly Example[] {
  return [...text.matchAll(/^```ts\n(?<code>.*?)^```$/gms)].map(({ index, groups: { code = '' } = {} }) => {
    const line = text.slice(0, index).split('\n').length
    const prints = [...code.matchAll(/\/\/ prints: (?<line>.*)$/gm)].map(({ groups }) => groups?.['line'] ?? '')
    const signal = /\/\/ ends with: (?<signal>SIG\w+)$/m.exec(code)?.groups?.['signal'] as NodeJS.Signals | undefined
    return { at: `${path}:${line}`, code, prints: prints.length > 0 ? prints : null, endsWith: signal ?? null }
  })
}
