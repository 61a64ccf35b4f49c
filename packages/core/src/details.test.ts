import { describe, expect, it } from 'vitest'
import { checkDetails, createDiscretion } from './details.ts'

const request = new Request('http://localhost/')
const error = new Error('secret')

describe('createDiscretion()', () => {
  it('shows to all, to nobody, or to those whom a function names', () => {
    const seen = (['always', 'never', () => true, () => false] as const).map((details) => {
      const { sees, reason } = createDiscretion(details)
      return [sees(request), reason(request, error)]
    })
    const [shown, withheld] = [
      [true, 'Error: secret'],
      [false, 'reason withheld'],
    ]
    expect(seen).toEqual([shown, withheld, shown, withheld])
  })

  it('shows nobody anything where a function gives no boolean, or throws', () => {
    for (const odd of [() => 1, () => Promise.resolve(true), () => Promise.reject(error)]) {
      const { sees, reason } = createDiscretion(odd as never)
      expect(() => sees(request)).toThrow('Cannot use what option "details" gave: expected a boolean, got ')
      expect(reason(request, error)).toBe('reason withheld')
    }
    const { sees, reason } = createDiscretion(() => {
      throw new Error('broken')
    })
    expect(() => sees(request)).toThrow('broken')
    expect(reason(request, error)).toBe('reason withheld')
  })
})

describe('checkDetails()', () => {
  it('refuses what is none', () => {
    expect(() => checkDetails('sometimes')).toThrow(
      'Cannot use option "details": expected "never", "always" or a function, got "sometimes"',
    )
  })
})
