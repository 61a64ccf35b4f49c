import { describe, expect, it } from 'vitest'
import { perform } from './perform.ts'
import { createScenario } from './scenario.ts'

const scenario = createScenario({ id: 's', kind: 'k', steps: [['say', 'a'], ['do'], ['say', 'b']] }, 'line 1')

describe('perform()', () => {
  it('takes the steps in order, each followed by what happened in its window', async () => {
    const lines = await perform(scenario, { say: (step) => step.text(1), do: () => undefined }, (verb) =>
      Promise.resolve([`after ${verb}`]),
    )
    expect(lines).toEqual(['a', 'after say', 'after do', 'b', 'after say'])
  })

  it('shows a verb that throws as a line of its own', async () => {
    const lines = await perform(scenario, {
      say: (step) => step.text(1),
      do: () => {
        throw new RangeError('broken')
      },
    })
    expect(lines).toEqual(['a', 'do threw RangeError: broken', 'b'])
  })

  it('refuses a verb that the kind does not have, also one that every object has', async () => {
    await expect(perform(scenario, { say: () => undefined })).rejects.toThrow(
      'Cannot replay "s": kind "k" has no verb "do"',
    )
    const inherited = createScenario({ id: 's', kind: 'k', steps: [['toString']] }, 'line 1')
    await expect(perform(inherited, {})).rejects.toThrow('kind "k" has no verb "toString"')
  })
})
