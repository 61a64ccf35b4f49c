import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, it, type TestContext } from 'vitest'

const PROGRAM = fileURLToPath(new URL('fixtures/program.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly lines: readonly string[]
  readonly stderr: string
}

/** Which signal to send when a line has been printed; each once, in order. */
type Script = readonly (readonly [after: string, signal: NodeJS.Signals])[]

/** Runs a scenario of the program to its end. */
function runProgram(
  onTestFinished: TestContext['onTestFinished'],
  scenario: string,
  script: Script = [],
): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@svc/source', PROGRAM, scenario], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const left = [...script]
  const lines: string[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  createInterface(child.stdout).on('line', (line) => {
    const told = line.replace(/^(info: Started in|.*it has run for) \d+ ms/, '$1 N ms')
    lines.push(told)
    if (left[0]?.[0] === told) child.kill(left.shift()?.[1])
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal, lines, stderr })
    })
  })
}

const STARTED = 'info: Started in N ms'

// Each test is a process, and some of them wait for seconds: side by side they take no longer than the longest.
describe.concurrent('runService() in a process of its own', { timeout: 60_000 }, () => {
  it.for(['SIGTERM', 'SIGINT'] as const)(
    'stops in order at %s, and exits 0 by itself',
    async (name, { expect, onTestFinished }) => {
      const { code, signal, lines, stderr } = await runProgram(onTestFinished, 'plain', [[STARTED, name]])
      expect([code, signal, stderr]).toEqual([0, null, ''])
      expect(lines).toEqual([
        'start Checker',
        'started Checker',
        'start Admin',
        'started Admin',
        'start App',
        'started App',
        STARTED,
        `info: Stopping: ${name}`,
        'draining',
        'close App',
        'closed App',
        'info: Closed "service"',
        'close Admin',
        'closed Admin',
        'info: Closed "around 2"',
        'close Checker',
        'closed Checker',
        'info: Closed "around 1"',
        'flush',
        'info: Ended with exit code 0',
      ])
    },
  )

  it.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once at a second signal: %s', async ([name, expected], { expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'hangingForEver', [
      [STARTED, 'SIGINT'],
      ['close App', name],
    ])
    expect([code, lines.at(-1)]).toEqual([expected, `warn: ${name} again: ending at once`])
  })

  it('waits for the drain delay before it closes', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'drain', [[STARTED, 'SIGTERM']])
    expect([code, lines.slice(lines.indexOf('draining'))]).toEqual([
      0,
      [
        'draining',
        'info: Draining for 100 ms',
        'close App',
        'closed App',
        'info: Closed "service"',
        'flush',
        'info: Ended with exit code 0',
      ],
    ])
  })

  it('exits 1 when a start fails, after it has closed the rest and flushed', async ({ expect, onTestFinished }) => {
    const { code, lines, stderr } = await runProgram(onTestFinished, 'failedStart')
    expect([code, stderr, lines.slice(2)]).toEqual([
      1,
      '',
      [
        'start App',
        'error: Cannot start "service": no database',
        'draining',
        'close Admin',
        'closed Admin',
        'info: Closed "around 1"',
        'flush',
        'info: Ended with exit code 1',
      ],
    ])
  })

  it('exits 1 when a close fails, and says each part of why', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'failedClose', [[STARTED, 'SIGTERM']])
    expect(code).toBe(1)
    expect(lines.slice(lines.indexOf('close App'))).toEqual([
      'close App',
      'error: Cannot close "service": one; two',
      'close Admin',
      'closed Admin',
      'info: Closed "around 1"',
      'flush',
      'info: Ended with exit code 1',
    ])
  })

  it('exits 1 by force when a close hangs beyond the budget, and begins the others', async ({
    expect,
    onTestFinished,
  }) => {
    const { code, lines } = await runProgram(onTestFinished, 'hangingClose', [[STARTED, 'SIGTERM']])
    expect(code).toBe(1)
    const facts = lines.filter((line) => /^(?:close|flush|error)/.test(line))
    expect(facts.filter((line) => line !== 'closed Admin')).toEqual([
      'close App',
      'error: Cannot close "service": Cannot wait any longer for the close of "service": it has run for N ms, and the time for stopping has passed',
      'close Admin',
      'flush',
    ])
  })

  it('waits two seconds for a collector that hangs, drops its connection, and exits 0', async ({
    expect,
    onTestFinished,
  }) => {
    const { code, lines } = await runProgram(onTestFinished, 'hangingFlush', [[STARTED, 'SIGTERM']])
    expect([code, lines.at(-1)]).toEqual([0, 'info: Ended with exit code 0'])
    expect(lines).toContain('warn: Cannot flush telemetry within 2000 ms: what is left is lost')
  })

  it.for([
    ['uncaught', 'error: Uncaught exception: boom'],
    ['unhandled', 'error: Unhandled rejection: boom'],
  ] as const)('closes and exits 1 at an exception that is %s', async ([scenario, line], { expect, onTestFinished }) => {
    const { code, lines, stderr } = await runProgram(onTestFinished, scenario)
    expect([code, stderr, lines.slice(lines.indexOf(line))]).toEqual([
      1,
      '',
      [line, 'draining', 'close App', 'closed App', 'info: Closed "service"', 'flush', 'info: Ended with exit code 1'],
    ])
  })

  it('aborts a start at a signal, closes what had started, and exits 0', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'slowStart', [['start App', 'SIGTERM']])
    expect([code, lines.slice(2)]).toEqual([
      0,
      [
        'start App',
        'info: Stopping: SIGTERM',
        'draining',
        'info: Gave up the start of "service", as a stop was asked for',
        'close Admin',
        'closed Admin',
        'info: Closed "around 1"',
        'flush',
        'info: Ended with exit code 0',
      ],
    ])
  })

  it('exits 1 when a start ignores that it is aborted', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'stubbornStart', [['start App', 'SIGTERM']])
    expect([code, lines.slice(-3)]).toEqual([
      1,
      [
        'error: Cannot start "service": Cannot wait any longer for the start of "service": it has run for N ms, and the time for stopping has passed',
        'flush',
        'info: Ended with exit code 1',
      ],
    ])
  })

  it('exits 2 for a bad configuration, with one line a problem', async ({ expect, onTestFinished }) => {
    const { code, lines, stderr } = await runProgram(onTestFinished, 'badConfiguration')
    expect([code, lines, stderr]).toEqual([2, [], 'PORT "eighty": expected a number\nHOST "": expected a name\n'])
  })

  it('exits 2 for a bad configuration that a start finds', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'badConfigurationInStart')
    expect([code, lines]).toEqual([
      2,
      [
        'start App',
        'error: Cannot start "service": PORT "eighty": expected a number',
        'draining',
        'flush',
        'info: Ended with exit code 2',
      ],
    ])
  })

  it('exits 1 and shows the whole error when main fails', async ({ expect, onTestFinished }) => {
    const { code, stderr } = await runProgram(onTestFinished, 'failedMain')
    expect([code, stderr.includes('Error: one'), stderr.includes('Error: two')]).toEqual([1, true, true])
  })

  it('stops when the caller asks for it', async ({ expect, onTestFinished }) => {
    const { code, lines } = await runProgram(onTestFinished, 'caller')
    expect([code, lines.at(-1)]).toEqual([0, 'info: Ended with exit code 0'])
    expect(lines).toContain('info: Stopping: asked to by the caller')
  })

  it('ends a process that something else keeps alive', async ({ expect, onTestFinished }) => {
    const { code, signal, lines } = await runProgram(onTestFinished, 'leak', [[STARTED, 'SIGTERM']])
    expect([code, signal, lines.at(-1)]).toEqual([
      0,
      null,
      'warn: Still here 5000 ms after the end, as something is open: ending',
    ])
  })
})
