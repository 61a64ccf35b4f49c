import { inspect } from 'node:util'
import type { Awaitable } from '@svc/core'
import { checkFunction } from '@svc/core/internal'
import { configurationErrorsIn } from './configuration-error.ts'
import { createHost, type Host } from './host.ts'

/**
 * Runs the main function of a program: what it does before `runService`, where settings are read and there is no logger
 * yet, and `runService` itself. When it throws, the error goes to stderr and the exit code is set: for a
 * `ConfigurationError` one line a problem and 2, for anything else all of the error and 1. It ends the process by nothing
 * but that, and never rejects for what `main` throws.
 *
 * @throws TypeError when `main` is no function.
 *
 * @example A whole program
 * ```ts
 * await runMain(async () => {
 *   const settings = readSettings(process.env) // throws a ConfigurationError
 *   const scope = createScope({ logger: createLogger(settings) })
 *   await runService(createApp(scope, settings), { scope, graceMs: settings.graceMs })
 * })
 * ```
 */
export function runMain(main: () => Awaitable<unknown>): Promise<void> {
  return runMainIn(createHost(), main)
}

/** {@link runMain}, in any process. */
export async function runMainIn(host: Host, main: () => Awaitable<unknown>): Promise<void> {
  checkFunction(main, 'the main function')
  try {
    await main()
  } catch (error) {
    const problems = configurationErrorsIn(error).flatMap((it) => it.problems)
    host.complain(`${problems.length > 0 ? problems.join('\n') : inspect(error)}\n`)
    host.setExitCode(problems.length > 0 ? 2 : 1)
  }
}
