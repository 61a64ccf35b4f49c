import { spawn } from 'node:child_process'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** Both streams, in the order in which they came. */
  readonly output: string
}

export interface CommandOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly timeoutMs?: number | undefined
  /** Called with what has been printed so far, each time something is; a signal that it returns is sent, once. */
  readonly onOutput?: ((stdout: string) => NodeJS.Signals | undefined) | undefined
}

/** Runs a program to its end. */
export function command(file: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const { cwd, env = process.env, timeoutMs = 120_000, onOutput } = options
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let output = ''
    let signalled = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
      const signal = signalled ? undefined : onOutput?.(stdout)
      if (signal === undefined) return
      signalled = true
      child.kill(signal)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, stdout, output })
    })
  })
}

/** The same, and it must end with exit code 0. */
export async function succeed(file: string, args: readonly string[], options: CommandOptions): Promise<Ended> {
  const ended = await command(file, args, options)
  if (ended.code === 0) return ended
  throw new Error(`${[file, ...args].join(' ')} ended with exit code ${ended.code}:\n${ended.output}`)
}
