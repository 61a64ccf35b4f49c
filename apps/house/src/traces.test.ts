import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { command } from './command.ts'
import { ROOT } from './workspace.ts'

const FIXTURES = join(ROOT, 'apps/house/src/fixtures')
const PROGRAM = [process.execPath, join(FIXTURES, 'program.mjs')]
/** Below a shell, as the real one is below npx: a signal to the first process alone would not reach it. */
const FAKE = JSON.stringify(['sh', '-c', `"${process.execPath}" "${join(FIXTURES, 'viewer.mjs')}" "$@"; exit $?`, 'sh'])

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  /** Both streams. */
  output(): string
  /** Waits for a line, and gives back what the group of its pattern found. */
  shows(pattern: RegExp): Promise<string>
  /** Those of the viewer and the program that are still there. */
  survivors(): readonly number[]
  /** Waits until there are none: the streams of a process are closed a moment before it is gone. */
  leavesNobody(): Promise<void>
}

const running = new Set<Running>()
const folder = mkdtempSync(join(tmpdir(), 'traces-test-'))

afterEach(() => {
  for (const { child, survivors } of running) {
    child.kill('SIGKILL')
    for (const pid of survivors()) process.kill(pid, 'SIGKILL')
  }
  running.clear()
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a program with a viewer, the fake one unless `env` says otherwise. */
function start(env: Readonly<Record<string, string>> = {}, program: readonly string[] = PROGRAM): Running {
  const pids = join(folder, randomUUID())
  writeFileSync(pids, '')
  const child = spawn(process.execPath, [join(FIXTURES, 'with-viewer.mjs'), ...program], {
    env: { ...process.env, TRACES_PORT: '0', VIEWER: FAKE, PIDS: pids, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const survivors = (): readonly number[] => numbersIn(pids).filter(isAlive)
  const it = {
    child,
    ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
    output: () => output,
    shows: (pattern: RegExp) =>
      until(
        () => pattern.exec(output)?.[1],
        () => output,
      ),
    survivors,
    leavesNobody: async () => {
      await until(
        () => survivors().length === 0 || undefined,
        () => `still there: ${survivors().join()}`,
      )
    },
  }
  running.add(it)
  return it
}

function numbersIn(file: string): readonly number[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)
}

async function until<T>(ask: () => T | undefined | Promise<T | undefined>, about: () => string = String): Promise<T> {
  const end = Date.now() + 30_000
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    if (Date.now() > end) throw new Error(`It did not come true within 30 s: ${about()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // In a container there may be nobody to take notice of the end of an orphan
    const stat = `/proc/${pid}/stat`
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, 'utf8'))
  } catch {
    return false
  }
}

describe('npm run traces', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('sends the spans to the viewer, and ends both on %s', async (signal) => {
    const both = start({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://elsewhere:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'secret=1',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_SDK_DISABLED: 'true',
      OTEL_SERVICE_NAME: 'own',
    })
    const url = await both.shows(/^The traces: (\S+)$/m)
    expect(JSON.parse(await both.shows(/^program (.*)$/m))).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: 'own',
    })
    expect(await both.shows(/^The first traces are there: (\S+)$/m)).toBe(url)
    expect(both.survivors()).toHaveLength(2)
    both.child.kill(signal)
    expect(await both.ended).toBe(0)
    expect(both.output()).toContain('told to end')
    await both.leavesNobody()
  })

  it('ends the viewer when the program has ended, with the exit code of that', async () => {
    const both = start({ CODE: '7' })
    expect(await both.ended).toBe(7)
    await both.leavesNobody()
  })

  it('ends a viewer that does not end by itself', async () => {
    const both = start({ CODE: '0', MANNER: 'stubborn' })
    expect(await both.ended).toBe(0)
    await both.leavesNobody()
  })

  it('ends the program when the viewer has ended, and says so', async () => {
    const both = start()
    const url = await both.shows(/^The traces: (\S+)$/m)
    await both.shows(/^(program) /m)
    await fetch(`${url}/end`).catch(() => undefined)
    expect(await both.ended).toBe(1)
    expect(both.output()).toMatch(/told to end\nThe viewer has ended, and so the program was stopped:\n/)
    await both.leavesNobody()
  })

  it('leaves nothing behind when it is told to end before the viewer is there', async () => {
    const both = start({ MANNER: 'silent' })
    await until(() => both.survivors()[0])
    both.child.kill('SIGINT')
    expect(await both.ended).toBe(130)
    await both.leavesNobody()
  })

  it('says that the port is taken, before anything is started', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const both = start({ TRACES_PORT: String(port) })
    expect(await both.ended).toBe(1)
    server.close()
    expect(both.output()).toMatch(`Cannot show traces: port ${port} is taken`)
    expect(both.output()).toContain('TRACES_PORT=0 npm run traces')
    expect(both.output()).not.toContain('Starting')
  })

  it('says that the port is taken where the viewer finds it so', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const both = start({ TRACES_PORT: String(port), MANNER: 'elsewhere' })
    expect(await both.ended).toBe(1)
    expect(both.output()).toContain(`Cannot show traces: port ${port} is taken`)
    expect(both.output()).not.toContain('program')
    await both.leavesNobody()
  })

  it.each(['', 'x', '65536', '-1', '1e3'])('refuses %j for a port', async (port) => {
    const both = start({ TRACES_PORT: port })
    expect(await both.ended).toBe(1)
    expect(both.output()).toBe(
      `Cannot show traces: TRACES_PORT is "${port}". Expected a number from 0, for any free port, to 65535\n`,
    )
  })

  it.each([[['no-such-program']], [['sh', '-c', 'echo "not found in the registry"; exit 1']]])(
    'says what a viewer says that does not start: %j',
    async (viewer) => {
      const both = start({ VIEWER: JSON.stringify(viewer) })
      expect(await both.ended).toBe(1)
      expect(both.output()).toMatch(/did not start\n(?:.*not found in the registry|spawn no-such-program ENOENT)/)
    },
  )

  it('shows the start of the relay in the real viewer', { timeout: 180_000 }, async ({ skip }) => {
    const [, name = ''] = /VIEWER = '(.+)'/.exec(readFileSync(join(ROOT, 'apps/house/traces.mjs'), 'utf8')) ?? []
    const env = { ...process.env, npm_config_fetch_retries: '0' }
    const fetched = await command('npx', ['--yes', name, '--version'], { cwd: folder, env, timeoutMs: 120_000 })
    if (fetched.code !== 0) skip(`npx cannot fetch ${name}`)

    const relay = join(ROOT, 'apps/reference/src/main.ts')
    const program = [process.execPath, '--conditions=@svc/source', relay, '--demo']
    const both = start({ VIEWER: '', PORT: '0', ADMIN_PORT: '0' }, program)
    const url = await both.shows(/^The first traces are there: (\S+)$/m)
    const spans = await until(async () => {
      const response = await fetch(`${url}/api/query/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: 'name = "start Relay"', limit: 10 }),
      })
      const { traces } = (await response.json()) as { traces: { spans: { name: string }[] }[] }
      return traces[0]?.spans.map((span) => span.name)
    }, both.output)
    const started = ['Relay', 'Demo', 'Steady', 'Flaky', 'Slow', 'Source', 'Store', 'Deliveries', 'Retention', 'Api']
    expect(spans).toEqual(expect.arrayContaining(started.map((it) => `start ${it}`)))
    both.child.kill('SIGTERM')
    expect(await both.ended, both.output()).toBe(0)
    expect(await fetch(url).catch(() => 'gone')).toBe('gone')
  })
})
