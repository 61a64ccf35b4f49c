import { describe, expect, it } from 'vitest'
import { createFakeHost } from './fixtures/fakes.ts'
import { ConfigurationError, isConfigurationError } from './index.ts'
import { runMainIn } from './run-main.ts'

describe('runMain()', () => {
  it('leaves the exit code alone when main ends well', async () => {
    const log: string[] = []
    await runMainIn(createFakeHost(log), () => log.push('main'))
    expect(log).toEqual(['main'])
  })

  it('says one line a problem and sets 2 for a ConfigurationError, wrapped or not', async () => {
    const log: string[] = []
    const bad = new ConfigurationError(['PORT "x": expected 0 to 65535', 'HOST "": expected a name'])
    await runMainIn(createFakeHost(log), () => Promise.reject(bad))
    await runMainIn(createFakeHost(log), () => {
      throw new Error('Cannot read settings', { cause: bad })
    })
    const lines = 'PORT "x": expected 0 to 65535\nHOST "": expected a name\n'
    expect(log).toEqual([lines, 'exitCode 2', lines, 'exitCode 2'])
  })

  it('shows everything else in full and sets 1', async () => {
    const log: string[] = []
    await runMainIn(createFakeHost(log), () => {
      throw new AggregateError([new Error('one'), new Error('two')])
    })
    await runMainIn(createFakeHost(log), () => Promise.reject(undefined))
    expect([log[0]?.includes('Error: one'), log[0]?.includes('Error: two'), log.slice(1)]).toEqual([
      true,
      true,
      ['exitCode 1', 'undefined\n', 'exitCode 1'],
    ])
  })

  it.each([undefined, null, {}, 'main', Promise.resolve()])('refuses %s for a main function', async (main) => {
    const log: string[] = []
    await expect(runMainIn(createFakeHost(log), main as never)).rejects.toThrow(
      /Cannot use the main function: expected a function/,
    )
    expect(log).toEqual([])
  })
})

describe('ConfigurationError', () => {
  it('has its problems, and their lines as the message', () => {
    const problems = ['a', 'b']
    const error = new ConfigurationError(problems, { cause: 'x' })
    problems.push('c')
    expect([error.problems, error.message, error.name, error.cause]).toEqual([
      ['a', 'b'],
      'a\nb',
      'ConfigurationError',
      'x',
    ])
  })

  it('is told across installed copies, and from anything else', () => {
    const copy = Object.assign(new Error('PORT'), { [Symbol.for('@svc/configuration@1')]: true, problems: ['PORT'] })
    const values = [new ConfigurationError(['a']), copy, new Error('a'), null, undefined, 'a']
    expect(values.map((value) => isConfigurationError(value))).toEqual([true, true, false, false, false, false])
  })

  it.each([undefined, null, 'PORT', [], {}, [1], ['a', undefined]])('refuses %j for its problems', (problems) => {
    expect(() => new ConfigurationError(problems as string[])).toThrow(TypeError)
  })
})
