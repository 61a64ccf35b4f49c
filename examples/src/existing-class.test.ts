import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { endPrograms, type Program, startProgram, until } from './fixtures/program.ts'
import { type Redis, startRedis } from './fixtures/redis.ts'

const MAIN = fileURLToPath(new URL('existing-class/main.ts', import.meta.url))
const redises: Redis[] = []

afterEach(async () => {
  endPrograms()
  for (const redis of redises.splice(0)) await redis.close()
})

async function startedRedis(): Promise<Redis> {
  const redis = await startRedis()
  redises.push(redis)
  return redis
}

/** Where the program says that it listens. */
function addressOf(program: Program): Promise<string> {
  return until('it listens', program, () => /http:\/\/127\.0\.0\.1:\d+/.exec(program.output())?.[0])
}

describe('the existing class', () => {
  it('is a service with state, health, pages and an orderly end', async () => {
    const redis = await startedRedis()
    const program = startProgram(MAIN, { REDIS_PORT: String(redis.port), ADMIN_PORT: '0' })
    const admin = await addressOf(program)
    const get = async (path: string): Promise<readonly [number, string]> => {
      const response = await fetch(`${admin}${path}`)
      return [response.status, await response.text()]
    }
    const shows = async (line: string): Promise<boolean> => (await get('/metrics'))[1].split('\n').includes(line)

    await until('it is ready', program, async () => (await get('/readyz'))[0] === 200)
    await until('it is healthy', program, () => shows('health{service_id="Pool"} 1'))
    expect(await shows('svc_state{service_id="Pool",state="Started"} 1')).toBe(true)
    expect(await get('/health.txt')).toEqual([200, expect.stringContaining('ok Pool')])
    for (const page of ['/', '/debug/traces']) expect(await get(page)).toEqual([200, expect.stringContaining('Pool')])

    redis.answer = '-LOADING the dataset'
    await until('it is unhealthy', program, () => shows('health{service_id="Pool"} 0'))
    expect((await get('/health.txt'))[0]).toBe(503)
    // Not something that a restart mends
    expect((await get('/livez'))[0]).toBe(200)
    redis.answer = '+PONG'
    await until('it is healthy again', program, () => shows('health{service_id="Pool"} 1'))

    expect(await program.end('SIGTERM'), program.output()).toBe(0)
  })

  it('ends with exit code 1, and says why, where it cannot be opened', async () => {
    const redis = await startedRedis()
    await redis.close()
    redises.pop()
    const program = startProgram(MAIN, { REDIS_PORT: String(redis.port), ADMIN_PORT: '0' })
    expect(await program.ended).toBe(1)
    expect(program.output()).toContain(`ECONNREFUSED 127.0.0.1:${redis.port}`)
  })

  it('was not changed, and needs the lines that the README shows', () => {
    const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
    expect(read('existing-class/connection-pool.ts')).not.toContain('@svc/')
    const [, lines = ''] = /^\/\/ From here\n(.*)^\/\/ to here$/ms.exec(read('existing-class/main.ts')) ?? []
    const [, shown] = /^```ts\n(.*?)^```$/ms.exec(read('../README.md')) ?? []
    expect(shown).toBe(lines)
    // What the README promises
    expect(lines.trim().split('\n')).toHaveLength(10)
  })
})
