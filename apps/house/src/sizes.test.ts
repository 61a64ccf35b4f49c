import { describe, expect, it } from 'vitest'
import { measureAll, readSizes } from './sizes.ts'

describe('README.md', () => {
  it('has the size of each package, within 2 % (npm run sizes brings it up to date)', async () => {
    const claimed = new Map(readSizes().map((size) => [size.name, size]))
    const measured = await measureAll()
    expect([...claimed.keys()]).toEqual(measured.map(({ name }) => name))
    const wrong = measured.filter(({ name, own, all }) => {
      const claim = claimed.get(name)
      return claim === undefined || isOff(claim.own, own) || isOff(claim.all, all)
    })
    expect(wrong).toEqual([])
  })
})

function isOff(claimed: number, measured: number): boolean {
  return Math.abs(claimed - measured) > measured * 0.02
}
