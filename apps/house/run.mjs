// The commands of package.json. This file has to run in a bare clone with nothing installed: plain JavaScript for Node 20
// and newer, no dependencies. It installs what is missing, then hands over to the tools, all of which run on the Node.js
// that is installed with them, whichever one called this.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { constants as os, homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runWithViewer } from './traces.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const bin = join(root, 'node_modules/.bin')
const node = join(bin, 'node')
/** Folders on the command line are meant from where the user stands; npm changes to the root and says from where. */
const userFolder = process.env.INIT_CWD ?? process.cwd()

/** Programs that some tests need. They are part of the cache key, so that a skipped test runs once its program is there. */
const PROGRAMS = ['prometheus', 'promtool', 'chromium', 'jaeger']

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const commands = {
  start: (args) => relay(['--demo', ...args]),
  relay,
  traces,
  test: (args) => run(node, ['apps/house/src/test-all.ts', ...args]),
  build: (args) => turbo(['build', ...args]),
  lint: (args) => turbo(['lint', ...args]),
  typecheck: (args) => turbo(['typecheck', ...args]),
  format: (args) => run('oxfmt', args),
  sizes: (args) => run(node, ['apps/house/src/sizes.ts', ...args]),
  observability: (args) => run(node, ['--conditions=@svc/source', 'apps/observability/src/main.ts', ...args]),
  conformance,
  jaeger,
  bump,
  release,
}

async function relay(args, env, stop) {
  const code = await run(
    'turbo',
    ['run', 'build', '--filter=@svc/reference', '--output-logs=errors-only'],
    'on failure',
    { stop },
  )
  return code === 0 ? await run(node, ['apps/reference/dist/main.js', ...args], 'always', { env, stop }) : code
}

function traces(args) {
  return runWithViewer((env, stop) => relay(['--demo', ...args], env, stop), { env: environment() })
}

function conformance([folder, ...args]) {
  const where = folder === undefined ? [] : [resolve(userFolder, folder)]
  return run(node, ['--conditions=@svc/source', 'apps/conformance/src/main.ts', ...where, ...args])
}

/**
 * Builds the Jaeger that some tests need, once for each version: it takes minutes, a Go that is installed, and the network.
 * `npm test` finds it from then on.
 */
async function jaeger() {
  const folder = jaegerFolder()
  const file = join(folder, 'jaeger')
  if (isExecutable(file)) {
    console.log(`Built already: ${file}`)
    return 0
  }
  mkdirSync(folder, { recursive: true })
  // Nobody else is to see it before it is whole
  const part = join(folder, `jaeger.${process.pid}`)
  const flags = ['-C', 'tools/jaeger', '-buildvcs=false', '-mod=readonly', '-ldflags=-s -w', '-o', part]
  const build = ['build', ...flags, 'github.com/jaegertracing/jaeger/cmd/jaeger']
  const code = await run('go', build, 'always', { env: { ...environment(), GOWORK: 'off' } })
  if (code === 0) renameSync(part, file)
  else rmSync(part, { force: true })
  return code
}

/** Outside the tree, so that it stays when that is cleaned or cloned again. */
function jaegerFolder() {
  const wanted = createHash('sha256').update(`${process.platform} ${process.arch} `)
  for (const file of ['go.mod', 'go.sum']) wanted.update(readFileSync(join(root, 'tools/jaeger', file)))
  const { XDG_CACHE_HOME = '' } = process.env
  const cache = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache')
  return join(cache, 'svc', `jaeger-${wanted.digest('hex').slice(0, 16)}`)
}

/** Turns the changesets into versions and changelogs, and writes the version where code shows it. */
async function bump(args) {
  const code = await run('changeset', ['version', ...args])
  if (code !== 0) return code
  const { version } = JSON.parse(readFileSync(join(root, 'packages/otel/package.json'), 'utf8'))
  const shown = join(root, 'packages/otel/src/version.ts')
  writeFileSync(shown, readFileSync(shown, 'utf8').replace(/VERSION = '.*'/, `VERSION = '${version}'`))
  return 0
}

async function release(args) {
  const code = await commands.test([])
  return code === 0 ? await run('changeset', ['publish', ...args]) : code
}

function turbo(args) {
  return run('turbo', ['run', '--output-logs=new-only', '--continue=dependencies-successful', ...args])
}

async function install() {
  const stamp = join(root, 'node_modules/.svc-installed')
  const wanted = createHash('sha256').update(`${process.platform} ${process.arch} `)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) wanted.update(readFileSync(join(root, file)))
  const digest = wanted.digest('hex')
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return 0
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const code = await run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'])
  if (code === 0) writeFileSync(stamp, digest)
  return code
}

/**
 * Runs a program to its end and gives its exit code, 128+n when signal n ended it. The program has a process group of
 * its own and a signal that comes here is passed on to it once: for the relay a second signal means "at once", and
 * otherwise one Ctrl+C would reach it several times, from the terminal and from each of npm and this process.
 * With `show` "on failure" its output is held back, and shown only when it fails. When `stop` aborts it is told to end.
 */
function run(command, args, show = 'always', { env = environment(), stop = new AbortController().signal } = {}) {
  return new Promise((done) => {
    const stdio = show === 'always' ? 'inherit' : ['ignore', 'pipe', 'pipe']
    const child = spawn(command, args, { cwd: root, env, stdio, detached: true })
    const held = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => held.push(chunk))
    let last = -Infinity
    const passOn = (signal) => {
      // The terminal's signal and npm's copy of it come within a moment; nobody presses that fast
      const now = performance.now()
      if (now - last < 200 || child.pid === undefined) return
      last = now
      process.kill(-child.pid, signal)
    }
    const stopNow = () => passOn('SIGTERM')
    const end = (code) => {
      for (const signal of SIGNALS) process.off(signal, passOn)
      stop.removeEventListener('abort', stopNow)
      done(code)
    }
    for (const signal of SIGNALS) process.on(signal, passOn)
    stop.addEventListener('abort', stopNow)
    if (stop.aborted) stopNow()
    child.on('error', (error) => {
      console.error(`Cannot run ${command}: ${error.message}`)
      end(127)
    })
    // Not "exit": what it printed may still be on its way
    child.on('close', (code, signal) => {
      if (code !== 0) process.stderr.write(Buffer.concat(held))
      end(code ?? 128 + os.signals[signal])
    })
  })
}

function environment() {
  const PATH = [jaegerFolder(), process.env.PATH ?? ''].join(delimiter)
  const found = PROGRAMS.filter((name) => PATH.split(delimiter).some((folder) => isExecutable(join(folder, name))))
  return {
    ...process.env,
    PATH: `${bin}${delimiter}${PATH}`,
    SVC_PROGRAMS: found.join(','),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const [what = '', ...given] = process.argv.slice(2)
// pnpm hands on the "--" that npm takes away
const args = given[0] === '--' ? given.slice(1) : given
if (!Object.hasOwn(commands, what)) {
  console.error(`Cannot run ${JSON.stringify(what)}: the commands are ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
const installed = await install()
process.exitCode = installed === 0 ? await commands[what](args) : installed
