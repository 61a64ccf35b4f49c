import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NAME, VERSION } from './version.ts'

it('NAME and VERSION are those of package.json', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { name, version } = JSON.parse(text) as { name: string; version: string }
  expect([NAME, VERSION]).toEqual([name, version])
})
