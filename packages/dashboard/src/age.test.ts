import { expect, it } from 'vitest'
import { age } from './age.ts'

it.each([
  [-5, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h 0 min'],
  [86_399_999, '23 h 59 min'],
  [90_000_000, '1 d 1 h'],
])('age(%d) is %s', (ms, text) => {
  expect(age(ms)).toBe(text)
})
