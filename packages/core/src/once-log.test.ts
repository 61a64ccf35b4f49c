import { describe, expect, it } from 'vitest'
import { ChildScope } from './child-scope.ts'
import { createScope, type Scope } from './index.ts'
import { OnceLog } from './once-log.ts'

function createLogged(into: string[]): Scope {
  const put = (level: string) => (fields: object, message: string) => {
    into.push(`${level} ${message} ${JSON.stringify(fields)}`)
  }
  const logger = { debug: put('debug'), info: put('info'), warn: put('warn'), error: put('error') }
  return createScope({ logger })
}

describe('OnceLog', () => {
  it('says each message once, through the logger of the first tree, also what came before it', () => {
    const log = new OnceLog()
    const [first, second]: [string[], string[]] = [[], []]
    log.once('warn', { a: 1 }, 'full')
    log.once('warn', { a: 2 }, 'full')
    log.use(new ChildScope('Inner', createLogged(first)))
    log.use(createLogged(second))
    log.once('error', { b: 1 }, 'failed')
    log.once('warn', { a: 3 }, 'full')
    expect([first, second]).toEqual([['warn full {"a":1}', 'error failed {"b":1}'], []])
  })

  it('outlives a logger that throws', () => {
    const log = new OnceLog()
    const broken = (): never => {
      throw new Error('disk full')
    }
    log.use(createScope({ logger: { debug: broken, info: broken, warn: broken, error: broken } }))
    expect(() => {
      log.once('warn', {}, 'full')
    }).not.toThrow()
  })
})
