import { afterAll, describe, expect, it } from 'vitest'
import { codeIn, readTable } from './document.ts'
import { cleanUp, startRelay } from './programs.ts'

afterAll(cleanUp)

describe('the endpoints of docs/observability.md', () => {
  it('answer in the relay', async () => {
    const relay = await startRelay()
    const paths = [...readTable('endpoints'), ...readTable('pages')].flatMap(({ path }) => codeIn(path))
    expect(paths.length).toBeGreaterThan(8)
    const answers = paths.map(async (path) => {
      const { status } = await fetch(`${relay.admin}${path.replace('NAME', 'Relay')}`)
      return `${path} ${status}`
    })
    expect(await Promise.all(answers)).toEqual(paths.map((path) => `${path} 200`))
    expect((await fetch(`${relay.admin}/readyz/NAME`)).status).toBe(404)
    expect(await relay.end(), relay.output()).toBe(0)
  })
})
