import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { command } from './command.ts'
import { REPORT_FILE, type TestReport } from './report.ts'
import { type EndedTask, tally, tallyLines } from './tally.ts'
import { ROOT } from './workspace.ts'

// Lints, type-checks, builds and tests everything through turbo, then prints what it came to.

const RUNS = join(ROOT, '.turbo/runs')

/** The exit code of a run that a signal has ended. */
let interrupted = 0

interface PlannedTask {
  readonly taskId: string
  readonly task: string
  readonly command: string
  readonly directory: string
}

interface RunTask {
  readonly taskId: string
  readonly execution?: { readonly exitCode: number } | undefined
}

async function main(args: readonly string[]): Promise<number> {
  const tasks = ['run', 'lint', 'format:check', 'typecheck', 'build', 'test', ...args]
  const plan = await command('turbo', [...tasks, '--dry-run=json'], { cwd: ROOT })
  if (interrupted !== 0) return interrupted
  // Without a plan turbo has something to say about its configuration: let it
  if (plan.code !== 0) return (await turbo(tasks)) || 1
  const planned = (JSON.parse(plan.stdout) as { tasks: PlannedTask[] }).tasks.filter(isReal)

  // A report of an earlier run must not count: those of unchanged packages come back out of turbo's cache
  rmSync(RUNS, { recursive: true, force: true })
  for (const { directory } of planned) rmSync(join(ROOT, directory, REPORT_FILE), { force: true })

  // A task whose dependencies failed would only repeat their errors: the tally says that it did not run
  const flags = ['--continue=dependencies-successful', '--output-logs=new-only', '--log-order=grouped', '--summarize']
  const code = await turbo([...tasks, ...flags])
  if (interrupted !== 0) return interrupted
  const sums = tally(endedTasks(planned), code)
  console.log(tallyLines(sums).join('\n'))
  return sums.failed > 0 ? code || 1 : code
}

/** Turbo plans a task for every package, also where the package has no script of that name. */
function isReal(task: PlannedTask): boolean {
  return task.command !== '<NONEXISTENT>'
}

function endedTasks(planned: readonly PlannedTask[]): readonly EndedTask[] {
  // A task that did not run is missing here
  const ended = new Map(summary().map(({ taskId, execution }) => [taskId, execution?.exitCode]))
  return planned.map(({ taskId, task, directory }) => ({
    id: taskId,
    exitCode: ended.get(taskId) ?? null,
    report: task === 'test' ? readReport(join(ROOT, directory, REPORT_FILE)) : undefined,
  }))
}

function summary(): readonly RunTask[] {
  const [file] = existsSync(RUNS) ? readdirSync(RUNS) : []
  return file === undefined ? [] : (JSON.parse(readFileSync(join(RUNS, file), 'utf8')) as { tasks: RunTask[] }).tasks
}

function readReport(file: string): TestReport | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TestReport) : undefined
}

function turbo(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('turbo', args, { cwd: ROOT, stdio: 'inherit' })
    child.on('error', (error) => {
      console.error(`Cannot run turbo: ${error.message}`)
      resolve(127)
    })
    child.on('exit', (code) => {
      resolve(code ?? 1)
    })
  })
}

// Turbo is in the same process group and gets the signal too; what it says while it ends is still to be printed
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = 128 + constants.signals[signal]
  })
}
process.exitCode = await main(process.argv.slice(2))
