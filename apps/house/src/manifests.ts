import { isDeepStrictEqual } from 'node:util'
import { ARROWS, isPackage } from './arrows.ts'
import type { ExportTargets, Manifest, Member, Workspace } from './workspace.ts'

const ROOT_FILES = ['LICENSE', 'README.md', 'package.json', 'src', 'tsconfig.build.json', 'tsconfig.json']
/** Written by the first release. */
const OPTIONAL_FILES = new Set(['CHANGELOG.md'])

/** What each published package.json says. */
const EVERYWHERE: Partial<Manifest> = {
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  files: ['dist'],
  engines: { node: '>=22.12' },
}

/** Every breach of the rules on a package's root and its package.json, one line each. */
export function checkManifests(workspace: Workspace): readonly string[] {
  const packages = workspace.members.filter(isPackage)
  const names = new Set(packages.map(({ manifest }) => manifest.name))
  const versions = new Set(packages.map(({ manifest }) => manifest.version))
  return [
    ...packages.flatMap((member) => [...breaches(member)].map((problem) => `${member.folder}: ${problem}`)),
    ...Object.keys(ARROWS)
      .filter((name) => !names.has(name))
      .map((name) => `${name} is missing`),
    ...(versions.size > 1 ? [`the packages differ in version: ${[...versions].join(', ')}`] : []),
  ]
}

function* breaches({ folder, manifest, rootFiles, sources }: Member): Generator<string> {
  for (const name of ROOT_FILES) if (!rootFiles.includes(name)) yield `has no ${name}`
  for (const name of rootFiles) {
    if (!ROOT_FILES.includes(name) && !OPTIONAL_FILES.has(name)) yield `has ${name} in its root`
  }
  const { name, exports = {}, publishConfig } = manifest
  if (name !== `@svc/${folder.slice('packages/'.length)}`) yield `is called ${name}`
  if (ARROWS[name] === undefined) yield `${name} has no place in the house`
  if (!manifest.description) yield 'has no description'
  for (const [key, value] of Object.entries(EVERYWHERE)) {
    if (!isDeepStrictEqual(manifest[key as keyof Manifest], value)) yield `"${key}" is not ${JSON.stringify(value)}`
  }
  for (const [subpath, targets] of Object.entries(exports)) {
    const { '@svc/source': source = '', ...published } = targets
    const file = subpath === '.' ? 'index' : subpath.slice('./'.length)
    if (source !== `./src/${file}.ts` || !sources.has(`src/${file}.ts`))
      yield `exports "${subpath}" from ${source || 'no source'}`
    const expected: ExportTargets = { types: `./dist/${file}.d.ts`, default: `./dist/${file}.js` }
    for (const [where, found] of [
      ['exports', published],
      ['publishConfig.exports', publishConfig?.exports?.[subpath]],
    ] as const) {
      if (!isDeepStrictEqual(found, expected)) yield `"${where}" of "${subpath}" is not ${JSON.stringify(expected)}`
    }
  }
  for (const subpath of Object.keys(publishConfig?.exports ?? {})) {
    if (exports[subpath] === undefined) yield `publishes "${subpath}", which "exports" does not have`
  }
  if (exports['.'] === undefined) yield 'exports no "."'
}
