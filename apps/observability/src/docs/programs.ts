import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

/** A program, running. */
export interface Program {
  /** Both streams. */
  output(): string
  readonly ended: Promise<number | null>
  end(): Promise<number | null>
}

const running = new Set<ChildProcess>()
const folders: string[] = []

/** A path in the repository. */
export function inRepository(path: string): string {
  return join(ROOT, path)
}

/** Runs a program with nothing but what is given in its environment. */
export function startProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(file, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += error.message
    })
    child.once('close', (code) => {
      running.delete(child)
      resolve(code)
    })
  })
  return {
    output: () => output,
    ended,
    end: () => {
      child.kill('SIGTERM')
      return ended
    },
  }
}

/** Runs the relay, and waits for the address of its admin listener. */
export async function startRelay(): Promise<Program & { readonly admin: string }> {
  const env = { PORT: '0', ADMIN_PORT: '0', DATABASE_FILE: join(createFolder(), 'relay.db') }
  const main = inRepository('apps/reference/src/main.ts')
  const relay = startProgram(process.execPath, ['--conditions=@svc/source', main], env)
  const admin = await until('the relay serves', relay.output, () => /"admin":"([^"]+)"/.exec(relay.output())?.[1])
  return { ...relay, admin }
}

export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'observability-test-'))
  folders.push(folder)
  return folder
}

/** Ends what is still running, and removes the folders; for `afterAll`. */
export async function cleanUp(): Promise<void> {
  for (const child of running) {
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** For a program that does not say which port it has picked. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Asks again and again until there is something to give back. */
export async function until<T>(
  what: string,
  about: () => string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + 45_000
  for (;;) {
    const value = await ask()
    if (value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`It did not come true within 45 s: ${what}\n${about()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
