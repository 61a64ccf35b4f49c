import { BadInputError } from './bad-input-error.ts'
import type { Gates } from './gates.ts'
import type { Step } from './scenario.ts'

/**
 * Makes the function that a word describes: `ok`, `fail:MESSAGE`, `gate:G` (waits until G is open) or
 * `gatefail:G:MESSAGE` (waits, then fails).
 *
 * @throws BadInputError for any other word.
 */
export function createHook(step: Step, at: number, gates: Gates): () => void | Promise<void> {
  const word = step.text(at)
  const [sort, ...rest] = word.split(':')
  const [gate = '', ...message] = rest
  if (word === 'ok') return () => undefined
  if (sort === 'fail' && rest.length > 0) return () => fail(rest.join(':'))
  if (sort === 'gate' && rest.length === 1) return () => gates.passed(gate)
  if (sort === 'gatefail' && rest.length > 1) {
    return async () => {
      await gates.passed(gate)
      fail(message.join(':'))
    }
  }
  throw new BadInputError(
    `Cannot read the hook "${word}": expected "ok", "fail:MESSAGE", "gate:G" or "gatefail:G:MESSAGE"`,
  )
}

function fail(message: string): never {
  throw new Error(message)
}
