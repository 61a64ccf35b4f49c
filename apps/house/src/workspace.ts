import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT: string = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

type Dependencies = Readonly<Record<string, string>>
export type ExportTargets = Readonly<Record<string, string>>

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly description?: string
  readonly private?: boolean
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly files?: readonly string[]
  readonly engines?: { readonly node?: string }
  readonly exports?: Readonly<Record<string, ExportTargets>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, ExportTargets>> }
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly optionalDependencies?: Dependencies
  readonly peerDependencies?: Dependencies
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** A package, an app or the examples, with everything in it that the rules of the house are about. */
export interface Member {
  /** From the root, as in `packages/core`. */
  readonly folder: string
  readonly manifest: Manifest
  /** The names in its root, without those that tools make and git ignores. */
  readonly rootFiles: readonly string[]
  /** Its modules: path from its folder, as in `src/index.ts`, to text. */
  readonly sources: ReadonlyMap<string, string>
}

export interface Workspace {
  readonly root: Manifest
  readonly members: readonly Member[]
}

const MADE_BY_TOOLS = new Set(['node_modules', 'dist', '.turbo', 'data'])

export function readWorkspace(): Workspace {
  const folders = ['packages', 'apps'].flatMap((group) => subfolders(group).map((name) => `${group}/${name}`))
  return { root: readManifest('.'), members: [...folders, 'examples'].map(readMember) }
}

function readMember(folder: string): Member {
  const names = readdirSync(join(ROOT, folder)).filter((name) => !MADE_BY_TOOLS.has(name))
  const sources = new Map<string, string>()
  for (const name of names) {
    const files = globSync(isModule(name) ? name : `${name}/**/*.{ts,mts,js,mjs}`, { cwd: join(ROOT, folder) })
    for (const file of files.toSorted())
      sources.set(file.split(sep).join('/'), readFileSync(join(ROOT, folder, file), 'utf8'))
  }
  return { folder, manifest: readManifest(folder), rootFiles: names.toSorted(), sources }
}

function isModule(name: string): boolean {
  return /\.m?[jt]s$/.test(name)
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest
}

function subfolders(group: string): readonly string[] {
  return readdirSync(join(ROOT, group)).filter((name) => existsSync(join(ROOT, group, name, 'package.json')))
}
