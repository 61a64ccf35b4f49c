import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ARROWS, isPackage } from './arrows.ts'
import { command, succeed } from './command.ts'
import { readWorkspace, ROOT } from './workspace.ts'

// Each package as its user gets it: packed, installed alone with npm into an empty folder, used, type-checked, linted.

const HOUSE = join(ROOT, 'apps/house')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const ATTW = join(HOUSE, 'node_modules/@arethetypeswrong/cli/dist/index.js')
const NODES = ['22', '24', '26']

/** What is installed besides: the peers, and of two optional ones the one that the consumer uses. */
const PEERS: Readonly<Record<string, readonly string[]>> = {
  '@svc/otel': ['@opentelemetry/api'],
  '@svc/prometheus': ['prom-client'],
}

const packages = readWorkspace().members.filter(isPackage)
const tarballs = new Map<string, string>()
let temp: string

beforeAll(async () => {
  temp = await mkdtemp(join(tmpdir(), 'svc-pack-'))
  for (const { folder, manifest } of packages) {
    const target = join(temp, 'tarballs', folder)
    await mkdir(target, { recursive: true })
    await succeed('pnpm', ['pack', '--pack-destination', target], { cwd: join(ROOT, folder) })
    const [tarball = ''] = await readdir(target)
    tarballs.set(manifest.name, join(target, tarball))
  }
}, 120_000)

afterAll(async () => {
  await rm(temp, { recursive: true, force: true })
})

describe.each(packages.map(({ manifest }) => manifest))('$name', ({ name, peerDependencies = {} }) => {
  let folder: string

  beforeAll(async () => {
    folder = await install(name, peerDependencies)
  }, 180_000)

  it('pulls in only other packages of ours', async () => {
    const lock = await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8')
    const paths = Object.keys((JSON.parse(lock) as { packages: object }).packages)
    const names = paths.map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    const isOurs = (each: string): boolean => each.startsWith('@svc/')
    expect(names.filter(isOurs).toSorted()).toEqual([...closureOf(name)].toSorted())
    if (PEERS[name] === undefined) expect(names.filter((each) => !isOurs(each))).toEqual([])
  })

  for (const major of NODES) {
    it(`can be imported and used under Node.js ${major}`, async ({ skip }) => {
      const node = nodeOf(major) ?? skip(`there is no Node.js ${major} for ${process.platform}-${process.arch} here`)
      await succeed(node, ['consumer.ts'], { cwd: folder, timeoutMs: 20_000 })
    })
  }

  it.each(['nodenext', 'bundler'])('type-checks with moduleResolution %s', { timeout: 60_000 }, async (resolution) => {
    await succeed(process.execPath, [TSC, '-p', `tsconfig.${resolution}.json`], { cwd: folder })
  })

  it('satisfies publint', async () => {
    const { buffer } = new Uint8Array(await readFile(tarballOf(name)))
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  it('has types that resolve everywhere', { timeout: 60_000 }, async () => {
    const args = [ATTW, tarballOf(name), '--profile', 'esm-only', '--no-color', '--format', 'ascii']
    const { code, output } = await command(process.execPath, args, { cwd: HOUSE })
    expect(code, output).toBe(0)
  })
})

/** A folder with nothing but this package, from tarballs all of it, its peers, and a script that uses it. */
async function install(name: string, ranges: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(temp, name)
  await mkdir(folder, { recursive: true })
  const fromTarball = (each: string): [string, string] => [each, `file:${tarballOf(each)}`]
  const peers = (PEERS[name] ?? []).map((peer) => [peer, ranges[peer]])
  const others = closureOf(name).filter((each) => each !== name)
  await writeJson(join(folder, 'package.json'), {
    private: true,
    type: 'module',
    dependencies: Object.fromEntries([fromTarball(name), ...peers]),
    overrides: Object.fromEntries(others.map(fromTarball)),
  })
  for (const [resolution, module] of [
    ['nodenext', 'nodenext'],
    ['bundler', 'preserve'],
  ]) {
    await writeJson(join(folder, `tsconfig.${resolution}.json`), {
      files: ['consumer.ts'],
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023'],
        module,
        moduleResolution: resolution,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules/@types')],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      },
    })
  }
  await copyFile(join(HOUSE, 'consumers', `${name.slice('@svc/'.length)}.ts`), join(folder, 'consumer.ts'))
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  await succeed('npm', args, { cwd: folder, env: withoutRunner(process.env) })
  return folder
}

/** The package and all that it needs of ours. */
function closureOf(name: string): readonly string[] {
  return [...new Set([name, ...(ARROWS[name] ?? []).flatMap(closureOf)])]
}

function tarballOf(name: string): string {
  const tarball = tarballs.get(name)
  if (tarball === undefined) throw new Error(`Cannot find the tarball of ${name}`)
  return tarball
}

function nodeOf(major: string): string | undefined {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const file = join(HOUSE, `node_modules/node-${major}/bin/node`)
  return existsSync(file) ? file : undefined
}

/** Whoever ran these tests has told npm where it stands and put its commands first in the path: here npm stands elsewhere. */
function withoutRunner(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isRunners = (key: string): boolean =>
    /^npm_(?!config_)|^npm_config_(local_prefix|prefix|dir)$|^INIT_CWD$/.test(key)
  const { PATH = '' } = env
  const path = PATH.split(delimiter).filter((folder) => !folder.startsWith(join(HOUSE, 'node_modules')))
  return { ...Object.fromEntries(Object.entries(env).filter(([key]) => !isRunners(key))), PATH: path.join(delimiter) }
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, JSON.stringify(value, null, 2))
}
