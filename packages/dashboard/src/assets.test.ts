import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SCRIPT, STYLE } from './assets.ts'
import { ASSETS, generateAssets } from './fixtures/generate-assets.ts'

describe('src/assets.ts', () => {
  it('is what `npm run assets` makes of src/client', () => {
    expect(readFileSync(ASSETS, 'utf8')).toBe(generateAssets())
  })

  it('loads nothing from elsewhere, and stays small', () => {
    expect(`${SCRIPT}${STYLE}`).not.toMatch(/https?:|@import|url\((?!'#)|\beval\b|Function\(/)
    expect([SCRIPT.length < 12_000, STYLE.length < 24_000]).toEqual([true, true])
  })
})
