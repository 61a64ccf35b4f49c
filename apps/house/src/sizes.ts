import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { isPackage } from './arrows.ts'
import { type Member, readWorkspace, ROOT } from './workspace.ts'

// What each package costs whoever bundles it. Run as a program it brings the table in README.md up to date.

/** Bytes, minified and gzipped: of the package's own code, and together with the @svc packages it needs. */
export interface Size {
  readonly name: string
  readonly own: number
  readonly all: number
}

const README = join(ROOT, 'README.md')
const START = '<!-- sizes: written by `npm run sizes` -->'
const END = '<!-- /sizes -->'
/** From the ground up, as ARCHITECTURE.md draws the house. */
const ORDER = ['core', 'stopchan', 'statemachine', 'multistart', 'ticker', 'engine', 'health', 'http']

export async function measureAll(): Promise<readonly Size[]> {
  return await Promise.all(packages().map(({ manifest }) => measure(manifest.name)))
}

async function measure(name: string): Promise<Size> {
  const peers = packages().flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}))
  const others = packages()
    .map(({ manifest }) => manifest.name)
    .filter((other) => other !== name)
    .flatMap((other) => [other, `${other}/*`])
  const [own, all] = await Promise.all([bundle(name, [...peers, ...others]), bundle(name, peers)])
  return { name, own, all }
}

async function bundle(name: string, external: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${name}'`, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@svc/source'],
    external: [...external],
    write: false,
  })
  return gzipSync(Buffer.concat(outputFiles.map(({ contents }) => contents)), { level: 9 }).length
}

/** The figures that README.md has now. */
export function readSizes(text: string = readFileSync(README, 'utf8')): readonly Size[] {
  const rows = tableOf(text).matchAll(/^\| \[`(?<name>[^`]+)`\].*\| (?<own>[\d,]+) \| (?<all>[\d,]+) \|$/gm)
  return [...rows].map(({ groups: { name = '', own = '', all = '' } = {} }) => ({
    name,
    own: Number(own.replaceAll(',', '')),
    all: Number(all.replaceAll(',', '')),
  }))
}

export function writeSizes(text: string, sizes: readonly Size[]): string {
  const rows = packages().map(({ folder, manifest }) => {
    const size = sizes.find(({ name }) => name === manifest.name)
    const figures = [size?.own, size?.all].map((bytes = 0) => bytes.toLocaleString('en'))
    return `| [\`${manifest.name}\`](${folder}) | ${manifest.description} | ${figures.join(' | ')} |`
  })
  const head = ['| package | what it is | bytes | with what it needs |', '|---|---|--:|--:|']
  const table = [START, ...head, ...rows, END].join('\n')
  return text.replace(`${START}${tableOf(text)}${END}`, () => table)
}

function tableOf(text: string): string {
  const [, rest] = text.split(START)
  const [table, end] = rest?.split(END) ?? []
  if (table === undefined || end === undefined)
    throw new Error(`Cannot find the sizes: README.md has no ${START} … ${END}`)
  return table
}

function packages(): readonly Member[] {
  return readWorkspace()
    .members.filter(isPackage)
    .toSorted((a, b) => rank(a) - rank(b))
}

function rank({ folder }: Member): number {
  const at = ORDER.indexOf(folder.slice('packages/'.length))
  return at < 0 ? ORDER.length : at
}

if (import.meta.main) {
  const text = readFileSync(README, 'utf8')
  writeFileSync(README, writeSizes(text, await measureAll()))
}
