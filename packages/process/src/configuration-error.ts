import { errorTree } from '@svc/core'
import { checkString, show } from '@svc/core/internal'

const CONFIGURATION = Symbol.for('@svc/configuration@1')

/**
 * Says that a program was configured wrongly, so that starting it again as it is would be in vain. Thrown in `runMain`,
 * or from a start of a service that `runService` runs, it ends the program with exit code 2 and one line a problem.
 *
 * @example
 * ```ts
 * throw new ConfigurationError(['PORT "eighty" is no number: expected 0 to 65535'])
 * ```
 */
export class ConfigurationError extends Error {
  /** One line each: which setting, what it is, what would be right. */
  readonly problems: readonly string[]

  /** @throws TypeError unless there is at least one problem, and each is a string. */
  constructor(problems: readonly string[], options?: { readonly cause?: unknown }) {
    checkProblems(problems)
    super(problems.join('\n'), options)
    this.problems = [...problems]
  }
}

function checkProblems(problems: readonly string[]): void {
  if (!Array.isArray(problems) || problems.length === 0) {
    throw new TypeError(
      `Cannot use the problems: expected an array of strings that is not empty, got ${show(problems)}`,
    )
  }
  for (const problem of problems as readonly unknown[]) checkString(problem, 'a problem')
}
Object.defineProperty(ConfigurationError.prototype, 'name', {
  value: 'ConfigurationError',
  configurable: true,
  writable: true,
})
Object.defineProperty(ConfigurationError.prototype, CONFIGURATION, { value: true })

/** Tells whether a value is a {@link ConfigurationError}, of this installed copy of the package or of another. */
export function isConfigurationError(value: unknown): value is ConfigurationError {
  return typeof value === 'object' && value !== null && (value as { [CONFIGURATION]?: unknown })[CONFIGURATION] === true
}

/** The configuration errors in an error's tree. */
export function configurationErrorsIn(error: unknown): ConfigurationError[] {
  return [...errorTree(error)].filter(isConfigurationError)
}
