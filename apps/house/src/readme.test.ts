import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isPackage } from './arrows.ts'
import { command, type Ended } from './command.ts'
import { type Example, examplesIn, parseExamples } from './readme.ts'
import { readWorkspace, ROOT } from './workspace.ts'

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
/** Ignored by git and by every other tool. */
const PLACE = '.turbo/readme'
const HERE = join(ROOT, 'apps/house', PLACE)

const folders = [
  '.',
  ...readWorkspace()
    .members.filter(isPackage)
    .map(({ folder }) => folder),
]
const examples = folders.flatMap(examplesIn)
let types: Ended

beforeAll(async () => {
  await removeAll()
  for (const example of examples) {
    await mkdir(placeOf(example), { recursive: true })
    await writeFile(pathOf(example), example.code)
  }
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, isolatedDeclarations: false }
  const config = {
    extends: join(ROOT, 'tsconfig.base.json'),
    compilerOptions,
    include: [],
    files: examples.map(pathOf),
  }
  await mkdir(HERE, { recursive: true })
  await writeFile(join(HERE, 'tsconfig.json'), JSON.stringify(config))
  types = await command(process.execPath, [TSC, '--pretty', 'false'], { cwd: HERE })
}, 60_000)

afterAll(removeAll)

async function removeAll(): Promise<void> {
  for (const place of new Set([HERE, ...examples.map(placeOf)])) await rm(place, { recursive: true, force: true })
}

/** In the package itself, so that its example has what it declares and nothing else; that of the whole has what this app has. */
function placeOf({ at }: Example): string {
  const folder = dirname(at)
  return folder === '.' ? HERE : join(ROOT, folder, PLACE)
}

function pathOf(example: Example): string {
  return join(placeOf(example), fileOf(example))
}

describe('the READMEs', () => {
  it('have an example in every package, and one of the whole', () => {
    expect(folders.filter((folder) => examplesIn(folder).length === 0)).toEqual([])
  })

  it.each(examples)('type-check the example at $at', (example) => {
    const errors = types.output.split('\n').filter((line) => line.includes(`${fileOf(example)}(`))
    expect(errors).toEqual([])
    // An error outside of the examples, in the set-up, has no line of its own
    if (types.code !== 0) expect(types.output).toMatch(/^\S+\.ts\(/m)
  })

  it.each(examples)('run the example at $at', { timeout: 30_000 }, async (example) => {
    const args = ['--conditions=@svc/source', fileOf(example)]
    const expected = example.prints ?? []
    const { code, stdout, output } = await command(process.execPath, args, {
      cwd: placeOf(example),
      timeoutMs: 20_000,
      onOutput: (text) => (linesOf(text).length >= expected.length ? (example.endsWith ?? undefined) : undefined),
    })
    expect(code, output).toBe(0)
    if (example.prints !== null) expect(linesOf(stdout)).toEqual(expected)
  })
})

describe('parseExamples()', () => {
  it('finds the blocks of TypeScript, what they print and how they end', () => {
    const text = [
      '# x',
      '```sh\nnpm install\n```',
      '```ts\nconsole.log(1) // prints: 1\nconsole.log(2)\n// prints: 2\n```',
      '```ts\nawait serve() // ends with: SIGTERM\n```',
    ].join('\n')
    expect(parseExamples('README.md', text)).toEqual([
      {
        at: 'README.md:5',
        code: 'console.log(1) // prints: 1\nconsole.log(2)\n// prints: 2\n',
        prints: ['1', '2'],
        endsWith: null,
      },
      { at: 'README.md:10', code: 'await serve() // ends with: SIGTERM\n', prints: null, endsWith: 'SIGTERM' },
    ])
  })
})

function fileOf({ at }: Example): string {
  return `${at.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.trimEnd().split('\n')
}
