import { describe, expect, it } from 'vitest'
import { checkArrows } from './arrows.ts'
import { checkManifests } from './manifests.ts'
import { checkShippedCode } from './shipped-code.ts'
import { type Manifest, type Member, readWorkspace, type Workspace } from './workspace.ts'

describe('the house', () => {
  const workspace = readWorkspace()

  it('has no arrow but those of the picture, and every dependency declared and used', () => {
    expect(checkArrows(workspace)).toEqual([])
  })

  it('ships nothing that its style forbids', () => {
    expect(checkShippedCode(workspace)).toEqual([])
  })

  it('has only the expected files at the root of a package, and a package.json that publishes them', () => {
    expect(checkManifests(workspace)).toEqual([])
  })
})

const root: Manifest = { name: 'svc', devDependencies: { vitest: '^5.0.0' }, scripts: { test: 'vitest run' } }

function member(name: string, manifest: Partial<Manifest>, sources: Readonly<Record<string, string>>): Member {
  const targets = { '@svc/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' }
  const { '@svc/source': _, ...published } = targets
  return {
    folder: `packages/${name}`,
    manifest: {
      name: `@svc/${name}`,
      version: '1.0.0',
      description: name,
      license: 'MIT',
      type: 'module',
      sideEffects: false,
      files: ['dist'],
      engines: { node: '>=22.12' },
      exports: { '.': targets },
      publishConfig: { exports: { '.': published } },
      ...manifest,
    },
    rootFiles: ['LICENSE', 'README.md', 'package.json', 'src', 'tsconfig.build.json', 'tsconfig.json'],
    sources: new Map(
      Object.entries({ 'src/index.ts': "export { x } from './x.ts'", 'src/x.ts': 'export const x = 1', ...sources }),
    ),
  }
}

function workspaceOf(...members: readonly Member[]): Workspace {
  return { root, members }
}

const core = member('core', {}, {})
const engine = member('engine', {}, {})
const onCore = { dependencies: { '@svc/core': 'workspace:*' } }

/** A ticker whose one shipped file, besides what every package has, is `text`. */
function ticker(text: string, manifest: Partial<Manifest> = onCore, path = 'src/a.ts'): Workspace {
  return workspaceOf(core, engine, member('ticker', manifest, { [path]: text }))
}

describe('checkArrows()', () => {
  it('accepts what the house allows', () => {
    const text = "import { x } from '@svc/core'\nimport { z } from 'node:zlib'\nexport const y = [x, z]"
    const test = "import { it } from 'vitest'\nimport { y } from './a.ts'\nit('is', () => y)"
    const good = member('ticker', onCore, { 'src/a.ts': text, 'src/a.test.ts': test })
    expect(checkArrows(workspaceOf(core, good))).toEqual([])
  })

  it.each([
    ['a value', "import { x } from '@svc/engine'"],
    ['a type', "import type { X } from '@svc/engine'"],
    ['an inline type', "export type X = import('@svc/engine').X"],
    ['a re-export', "export * from '@svc/engine'"],
    ['a dynamic import', "export const x = await import('@svc/engine')"],
    ['a template', 'export const x = await import(`@svc/engine`)'],
    ['a resolution', "export const x = import.meta.resolve('@svc/engine')"],
  ])('finds an arrow that is %s', (_, text) => {
    expect(checkArrows(ticker(`import '@svc/core'\n${text}`))).toEqual([
      'packages/ticker/src/a.ts:2: imports @svc/engine, an arrow that the house does not have',
    ])
  })

  it('finds an arrow in package.json', () => {
    const both = { dependencies: { '@svc/core': 'workspace:*', '@svc/engine': 'workspace:^' } }
    expect(checkArrows(ticker("import '@svc/core'", both))).toEqual([
      'packages/ticker: depends on @svc/engine as "workspace:^" instead of "workspace:*"',
      'packages/ticker: depends on @svc/engine, an arrow that the house does not have',
      'packages/ticker: declares @svc/engine, which it does not use',
    ])
  })

  it('finds a package that depends on an app', () => {
    const app: Member = { ...member('demo', { private: true }, {}), folder: 'apps/demo' }
    const bad = member(
      'core',
      { devDependencies: { '@svc/demo': 'workspace:*' } },
      { 'src/a.test.ts': "import '@svc/demo'" },
    )
    expect(checkArrows(workspaceOf(app, bad))).toEqual(['packages/core: depends on @svc/demo, an app'])
  })

  it('finds what is imported and not declared, in a test and in an app too', () => {
    const app: Member = { ...member('demo', {}, { 'run.mjs': "import 'leftpad'" }), folder: 'apps/demo' }
    const bad = member('core', {}, { 'src/a.ts': "import 'leftpad/sub'", 'src/a.test.ts': "import '@left/pad/sub'" })
    expect(checkArrows(workspaceOf(app, bad))).toEqual([
      'apps/demo/run.mjs:1: imports leftpad, which is not declared',
      'packages/core/src/a.ts:1: imports leftpad, which is not declared',
      'packages/core/src/a.test.ts:1: imports @left/pad, which is not declared',
    ])
  })

  it('finds shipped code that imports what only tests have', () => {
    expect(checkArrows(ticker("import 'vitest'\nimport '@svc/core'"))).toEqual([
      'packages/ticker/src/a.ts:1: imports vitest, which is not declared',
    ])
  })

  it('finds what is declared and not used', () => {
    const manifest = { ...onCore, devDependencies: { rightpad: '1' }, peerDependencies: { api: '1', own: '1' } }
    expect(checkArrows(ticker("import 'own'", manifest))).toEqual([
      'packages/ticker: declares @svc/core, which it does not use',
      'packages/ticker: declares api, which it does not use',
      'packages/ticker: declares rightpad, which it does not use',
    ])
  })

  it('finds a dependency that only a test uses', () => {
    const manifest = { dependencies: { leftpad: '1' } }
    expect(checkArrows(ticker("import 'leftpad'", manifest, 'src/a.test.ts'))).toEqual([
      'packages/ticker: declares leftpad, which it does not use',
    ])
  })

  it('finds an import of an optional peer in shipped code', () => {
    const manifest = { peerDependencies: { client: '1' }, peerDependenciesMeta: { client: { optional: true } } }
    expect(checkArrows(ticker("import type { X } from 'client'", manifest))).toEqual([
      'packages/ticker/src/a.ts:1: imports client, an optional peer',
    ])
  })

  it('finds a way into another package that it does not export', () => {
    const text = "import '@svc/core'\nimport '@svc/core/src/x.ts'\nimport '../../core/src/x.ts'\nimport './none.ts'"
    expect(checkArrows(ticker(text))).toEqual([
      'packages/ticker/src/a.ts:2: imports @svc/core/src/x.ts, which @svc/core does not export',
      'packages/ticker/src/a.ts:3: imports ../../core/src/x.ts, which is outside of its package',
      'packages/ticker/src/a.ts:4: imports ./none.ts, which does not exist',
    ])
  })

  it('finds an app that imports what is for packages only', () => {
    const targets = { '@svc/source': './src/internal.ts' }
    const open = member('core', { exports: { '.': {}, './internal': targets } }, {})
    const sources = { 'src/a.ts': "import '@svc/core/internal'" }
    const app: Member = { ...member('demo', onCore, sources), folder: 'apps/demo' }
    expect(checkArrows(workspaceOf(open, app))).toEqual([
      'apps/demo/src/a.ts:1: imports @svc/core/internal, which is for packages only',
    ])
  })

  it('finds shipped code that imports a fixture, a computed specifier, a builtin without its prefix', () => {
    const text = "import '@svc/core'\nimport './fixtures/f.ts'\nimport 'fs'\nexport const x = await import(`${'a'}b`)"
    const bad = member('ticker', onCore, { 'src/a.ts': text, 'src/fixtures/f.ts': 'export const f = 1' })
    expect(checkArrows(workspaceOf(core, bad))).toEqual([
      'packages/ticker/src/a.ts:2: imports ./fixtures/f.ts, which is not shipped',
      'packages/ticker/src/a.ts:3: imports fs without "node:"',
      'packages/ticker/src/a.ts:4: imports a computed specifier, which no tool can follow',
    ])
  })

  it('finds a circle that runs over devDependencies', () => {
    const bad = member(
      'core',
      { devDependencies: { '@svc/ticker': 'workspace:*' } },
      { 'src/a.test.ts': "import '@svc/ticker'" },
    )
    const above = member('ticker', onCore, { 'src/a.ts': "import '@svc/core'" })
    expect(checkArrows(workspaceOf(bad, above))).toEqual(['circle: @svc/core -> @svc/ticker -> @svc/core'])
  })

  it('finds a tool of the root that nothing uses', () => {
    const workspace = { root: { ...root, devDependencies: { vitest: '^5.0.0', grunt: '1' } }, members: [core] }
    expect(checkArrows(workspace)).toEqual(['package.json: declares grunt, which nothing uses'])
  })
})

describe('checkShippedCode()', () => {
  it.each([
    ['process.exit()', '`process`, which is for @svc/process and the apps'],
    ['export const e = globalThis.process', '`process`, which is for @svc/process and the apps'],
    ["import { exit } from 'node:process'", '`process`, which is for @svc/process and the apps'],
    ['{ using x = y() }', '`using`, which Node.js 22 cannot parse'],
    ['export async function f() { await using x = y() }', '`using`, which Node.js 22 cannot parse'],
    ['AbortSignal.any([])', 'AbortSignal.any, which leaks on a signal that lives long'],
    ["const t = AbortSignal['timeout'](1)", 'AbortSignal.timeout, which leaks on a signal that lives long'],
    ["a.addEventListener('b', c, { signal })", 'addEventListener with a signal, which leaks on one that lives long'],
    ['enum E {}', 'an enum'],
    ['namespace N {}', 'a namespace'],
    ['export default 1', 'a default export'],
  ])('finds %s', (text, what) => {
    expect(checkShippedCode(ticker(text))).toEqual([`packages/ticker/src/a.ts:1: has ${what}`])
  })

  it('lets @svc/process touch the process, and tests do as they like', () => {
    const owner = member('process', {}, { 'src/a.ts': 'process.exit()', 'src/a.test.ts': '{ using x = y() }' })
    expect(checkShippedCode(workspaceOf(owner))).toEqual([])
  })

  it('is not misled by a property called process, and by a listener without a signal', () => {
    expect(checkShippedCode(ticker("x.process.run()\na.addEventListener('b', c, { once: true })"))).toEqual([])
  })

  it('finds a file that has grown too long, and an index that does more than re-export', () => {
    const bad = member('core', {}, { 'src/a.ts': 'f()\n'.repeat(251), 'src/index.ts': 'export const x = 1' })
    expect(checkShippedCode(workspaceOf(bad))).toEqual([
      'packages/core/src/index.ts:1: has more than named re-exports',
      'packages/core/src/a.ts: has 251 lines, more than 250',
    ])
  })
})

describe('checkManifests()', () => {
  const all = (bad: Member): readonly string[] =>
    checkManifests(workspaceOf(bad)).filter((problem) => !problem.endsWith(' is missing'))

  it('accepts a package as it should be', () => {
    expect(all(core)).toEqual([])
  })

  it('finds a file too many and one too few', () => {
    const rootFiles = [...core.rootFiles.filter((name) => name !== 'LICENSE'), 'vitest.config.ts']
    expect(all({ ...core, rootFiles })).toEqual([
      'packages/core: has no LICENSE',
      'packages/core: has vitest.config.ts in its root',
    ])
  })

  it('finds what would be published wrongly', () => {
    const bad = member('core', { sideEffects: true, publishConfig: { exports: { './x': {} } } }, {})
    const expected = '{"types":"./dist/index.d.ts","default":"./dist/index.js"}'
    expect(all(bad)).toEqual([
      'packages/core: "sideEffects" is not false',
      `packages/core: "publishConfig.exports" of "." is not ${expected}`,
      'packages/core: publishes "./x", which "exports" does not have',
    ])
  })

  it('finds a package without a place in the house', () => {
    expect(all(member('utils', {}, {}))).toEqual(['packages/utils: @svc/utils has no place in the house'])
  })
})
