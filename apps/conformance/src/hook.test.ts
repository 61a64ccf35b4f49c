import { describe, expect, it } from 'vitest'
import { BadInputError } from './bad-input-error.ts'
import { createDriver } from './driver.ts'
import { createGates } from './gates.ts'
import { createHook } from './hook.ts'
import { createScenario, type Step } from './scenario.ts'

function step(word: unknown): Step {
  const scenario = createScenario({ id: 's', kind: 'k', steps: [['start', 'op', word]] }, 'line 1')
  return scenario.steps[0]!
}

describe('createHook()', () => {
  it('makes each sort of hook, with colons in the message', async () => {
    const driver = createDriver()
    const gates = createGates()
    for (const word of ['ok', 'fail:a:b', 'gate:g', 'gatefail:g:c:d']) {
      driver.begin(word, createHook(step(word), 2, gates))
    }
    const log = [await driver.settle()]
    gates.open('g')
    log.push(await driver.settle())
    expect(log).toEqual([
      ['fail:a:b error a:b', 'ok ok'],
      ['gate:g ok', 'gatefail:g:c:d error c:d'],
    ])
  })

  it('passes a gate that was opened before', async () => {
    const driver = createDriver()
    const gates = createGates()
    gates.open('g')
    driver.begin('op', createHook(step('gate:g'), 2, gates))
    expect(await driver.settle()).toEqual(['op ok'])
  })

  it('refuses any other word', () => {
    for (const word of ['', 'okay', 'gate', 'gate:g:m', 'gatefail:g', 'fail', 3, null]) {
      expect(() => createHook(step(word), 2, createGates()), JSON.stringify(word)).toThrow(BadInputError)
    }
  })
})
