import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { importsOf, type Import, type Module, parseModule } from './syntax.ts'
import type { Manifest, Member, Workspace } from './workspace.ts'

/** Which package may depend on which, as ARCHITECTURE.md draws it. Every other arrow is an error. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '@svc/core': [],
  '@svc/stopchan': ['@svc/core'],
  '@svc/statemachine': ['@svc/core'],
  '@svc/multistart': ['@svc/core'],
  '@svc/ticker': ['@svc/core'],
  '@svc/engine': ['@svc/core', '@svc/statemachine', '@svc/stopchan', '@svc/ticker'],
  '@svc/health': ['@svc/core', '@svc/engine'],
  '@svc/http': ['@svc/core', '@svc/engine'],
  '@svc/probes': ['@svc/core'],
  '@svc/process': ['@svc/core', '@svc/multistart'],
  '@svc/testing': ['@svc/core', '@svc/engine'],
  '@svc/otel': ['@svc/core'],
  '@svc/prometheus': ['@svc/core'],
  '@svc/dashboard': ['@svc/core'],
}

/** Dependencies that are used in another way than by an import or by their command in a script. */
const USED_OTHERWISE: Readonly<Record<string, string>> = {
  '@arethetypeswrong/cli': 'pack.test.ts runs its program by its path',
  '@types/node': 'named in tsconfig.base.json',
  node: 'what every tool runs on',
  'oxlint-tsgolint': 'oxlint runs it for the rules that need types',
  pnpm: 'turbo runs scripts with it',
  'node-22': 'pack.test.ts finds it by its folder',
  'node-26': 'pack.test.ts finds it by its folder',
}

/** The command of a package, where it is called otherwise. */
const COMMANDS: Readonly<Record<string, string>> = { typescript: 'tsc', '@changesets/cli': 'changeset' }

const BUILTINS = new Set(builtinModules)

/** What a package ships: its src without tests and what only tests use. The same two patterns are in tsconfig.build.json. */
export function isShipped(member: Member, path: string): boolean {
  if (!isPackage(member)) return false
  return path.startsWith('src/') && !path.endsWith('.test.ts') && !path.startsWith('src/fixtures/')
}

export function isPackage(member: Member): boolean {
  return member.folder.startsWith('packages/')
}

/** Every breach of the rules on who may depend on whom, one line each. */
export function checkArrows(workspace: Workspace): readonly string[] {
  const own = new Map(workspace.members.map((member) => [member.manifest.name, member]))
  return [
    ...workspace.members.flatMap((member) => [
      ...checkDeclared(member, own),
      ...[...member.sources].flatMap(([path, text]) => checkModule(member, parseModule(path, text), workspace, own)),
      ...checkUnused(member, workspace),
    ]),
    ...checkCycles(own),
    ...unusedAtRoot(workspace),
  ]
}

function checkDeclared(member: Member, own: ReadonlyMap<string, Member>): string[] {
  const { manifest, folder } = member
  const problems: string[] = []
  const declared = { ...manifest.devDependencies, ...manifest.peerDependencies, ...manifest.dependencies }
  for (const [name, range] of Object.entries(declared)) {
    const target = own.get(name)
    if (target === undefined) {
      if (name.startsWith('@svc/')) problems.push(`${folder}: depends on ${name}, which does not exist`)
      continue
    }
    if (range !== 'workspace:*') problems.push(`${folder}: depends on ${name} as "${range}" instead of "workspace:*"`)
    if (!isPackage(target)) problems.push(`${folder}: depends on ${name}, an app`)
    else if (isPackage(member) && manifest.devDependencies?.[name] === undefined && !hasArrow(member, name)) {
      problems.push(`${folder}: depends on ${name}, an arrow that the house does not have`)
    }
  }
  return problems
}

function hasArrow(member: Member, name: string): boolean {
  return ARROWS[member.manifest.name]?.includes(name) ?? false
}

function checkModule(
  member: Member,
  module: Module,
  workspace: Workspace,
  own: ReadonlyMap<string, Member>,
): readonly string[] {
  const problems: string[] = []
  for (const found of importsOf(module)) {
    const problem = checkImport(member, module, found, workspace, own)
    if (problem !== undefined) problems.push(`${member.folder}/${module.path}:${module.lineOf(found.node)}: ${problem}`)
  }
  return problems
}

function checkImport(
  member: Member,
  module: Module,
  { specifier }: Import,
  workspace: Workspace,
  own: ReadonlyMap<string, Member>,
): string | undefined {
  const shipped = isShipped(member, module.path)
  if (specifier === undefined) return shipped ? 'imports a computed specifier, which no tool can follow' : undefined
  if (specifier.startsWith('.')) return checkRelative(member, module, specifier, shipped)
  if (specifier.startsWith('node:')) return undefined
  const name = packageOf(specifier)
  if (BUILTINS.has(name)) return `imports ${specifier} without "node:"`
  const target = own.get(name)
  if (target !== undefined) {
    const subpath = `.${specifier.slice(name.length)}`
    if (target.manifest.exports?.[subpath] === undefined) return `imports ${specifier}, which ${name} does not export`
    if (subpath === './internal' && !isPackage(member)) return `imports ${specifier}, which is for packages only`
    if (name === member.manifest.name && isPackage(member)) return `imports ${specifier}, its own package, by name`
    if (shipped && !hasArrow(member, name)) return `imports ${name}, an arrow that the house does not have`
  }
  const { manifest } = member
  if (shipped) {
    if (manifest.peerDependenciesMeta?.[name]?.optional === true) return `imports ${name}, an optional peer`
    if (isIn(name, manifest.dependencies, manifest.peerDependencies)) return undefined
    return `imports ${name}, which is not declared`
  }
  const tools = workspace.root.devDependencies
  if (isIn(name, manifest.dependencies, manifest.peerDependencies, manifest.devDependencies, tools)) return undefined
  return `imports ${name}, which is not declared`
}

function checkRelative(member: Member, module: Module, specifier: string, shipped: boolean): string | undefined {
  const target = posix.join(posix.dirname(module.path), specifier)
  if (target.startsWith('../')) return `imports ${specifier}, which is outside of its package`
  if (!member.sources.has(target)) return `imports ${specifier}, which does not exist`
  if (shipped && !isShipped(member, target)) return `imports ${specifier}, which is not shipped`
  return undefined
}

function checkUnused(member: Member, workspace: Workspace): readonly string[] {
  const { folder, manifest } = member
  const imported = { shipped: new Set<string>(), other: new Set<string>() }
  for (const [path, text] of member.sources) {
    const into = isShipped(member, path) ? imported.shipped : imported.other
    for (const { specifier } of importsOf(parseModule(path, text)))
      if (specifier !== undefined) into.add(packageOf(specifier))
  }
  const anywhere = new Set([...imported.shipped, ...imported.other])
  const scripts = Object.values(manifest.scripts ?? {})
  const needed = isPackage(member) ? imported.shipped : anywhere
  const isOptional = (name: string): boolean => manifest.peerDependenciesMeta?.[name]?.optional === true
  const peers = namesIn(manifest.peerDependencies).filter((name) => !isOptional(name))
  const dependencies = [...namesIn(manifest.dependencies), ...peers].filter((name) => !needed.has(name))
  const forWork = [...namesIn(manifest.devDependencies), ...namesIn(manifest.optionalDependencies)]
  const unused = forWork.filter((name) => !anywhere.has(name) && !isUsedOtherwise(name, scripts))
  const twice = forWork.filter((name) => isIn(name, manifest.dependencies, workspace.root.devDependencies))
  return [
    ...[...dependencies, ...unused].map((name) => `${folder}: declares ${name}, which it does not use`),
    ...twice.map((name) => `${folder}: declares ${name} twice, here and as a dependency of its own or of the root`),
  ]
}

function unusedAtRoot(workspace: Workspace): readonly string[] {
  // The tools of the root are called by the scripts of all
  const manifests = [workspace.root, ...workspace.members.map(({ manifest }) => manifest)]
  const scripts = manifests.flatMap((manifest) => Object.values(manifest.scripts ?? {}))
  const texts = workspace.members.flatMap(({ sources }) => [...sources.values()])
  const isNamed = (name: string): boolean => texts.some((text) => text.includes(`'${COMMANDS[name] ?? name}`))
  return namesIn(workspace.root.devDependencies)
    .filter((name) => !isUsedOtherwise(name, scripts) && !isNamed(name))
    .map((name) => `package.json: declares ${name}, which nothing uses`)
}

function isUsedOtherwise(name: string, scripts: readonly string[]): boolean {
  return name in USED_OTHERWISE || scripts.some((script) => script.split(/\s+/).includes(COMMANDS[name] ?? name))
}

/** Also over devDependencies: turbo cannot order a circle. */
function checkCycles(own: ReadonlyMap<string, Member>): readonly string[] {
  const problems: string[] = []
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): void => {
    const at = path.indexOf(name)
    if (at >= 0) problems.push(`circle: ${[...path.slice(at), name].join(' -> ')}`)
    if (at >= 0 || done.has(name)) return
    const manifest = own.get(name)?.manifest
    const next = { ...manifest?.dependencies, ...manifest?.devDependencies, ...manifest?.peerDependencies }
    for (const below of Object.keys(next)) if (own.has(below)) visit(below, [...path, name])
    done.add(name)
  }
  for (const name of own.keys()) visit(name, [])
  return problems
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function namesIn(dependencies: Manifest['dependencies']): readonly string[] {
  return Object.keys(dependencies ?? {})
}

function isIn(name: string, ...groups: readonly Manifest['dependencies'][]): boolean {
  return groups.some((group) => group !== undefined && Object.hasOwn(group, name))
}
