import { describe, expect, it } from 'vitest'
import { createDriver } from './driver.ts'
import { createGates } from './gates.ts'

describe('createDriver()', () => {
  it('gives what has ended in each window, sorted, and leaves running what has not', async () => {
    const driver = createDriver()
    const gates = createGates()
    driver.begin('c', () => gates.passed('g'))
    driver.begin('e', () => undefined)
    driver.begin('b', () => undefined)
    driver.begin('d', () => gates.passed('never'))
    const log = [await driver.settle()]
    driver.begin('a', () => undefined)
    gates.open('g')
    log.push(await driver.settle(), await driver.settle())
    expect(log).toEqual([['b ok', 'e ok'], ['a ok', 'c ok'], []])
  })

  it('begins an operation at once', () => {
    const log: string[] = []
    createDriver().begin('a', () => log.push('begun'))
    expect(log).toEqual(['begun'])
  })

  it('takes a throw and a rejection for the same failure', async () => {
    const driver = createDriver()
    driver.begin('a', () => {
      throw new Error('thrown')
    })
    driver.begin('b', () => Promise.reject(new Error('rejected')))
    expect(await driver.settle()).toEqual(['a error thrown', 'b error rejected'])
  })

  it('waits for a chain of promises of any length, and for work put off to later turns', async () => {
    const driver = createDriver()
    driver.begin('a', async () => {
      for (let i = 0; i < 10_000; i++) await Promise.resolve()
    })
    driver.begin('b', async () => {
      for (let i = 0; i < 2; i++) await new Promise(setImmediate)
    })
    expect(await driver.settle()).toEqual(['a ok', 'b ok'])
  })

  it('shows how an operation ended in the way that was asked for', async () => {
    const driver = createDriver()
    driver.begin('a', () => undefined, String)
    expect(await driver.settle()).toEqual(['a null'])
  })

  it('waits on while something still ends', async () => {
    const driver = createDriver()
    const turns = (count: number) => async () => {
      for (let i = 0; i < count; i++) await new Promise(setImmediate)
    }
    for (const count of [2, 4, 6, 8]) driver.begin(`after ${count}`, turns(count))
    expect(await driver.settle()).toEqual(['after 2 ok', 'after 4 ok', 'after 6 ok', 'after 8 ok'])
  })
})
