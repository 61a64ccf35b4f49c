import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { endPrograms, startProgram, until } from './fixtures/program.ts'

const MAIN = new URL('traces/main.ts', import.meta.url)
const servers: Server[] = []

afterEach(() => {
  endPrograms()
  for (const server of servers.splice(0)) server.close()
})

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly { name: string }[] }[] }[]
}

/** Takes spans, as a collector does. */
async function startCollector(): Promise<{ readonly url: string; names(): readonly string[] }> {
  const names: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      for (const { scopeSpans } of (JSON.parse(text) as Export).resourceSpans)
        names.push(...scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, names: () => names }
}

describe('the traces', () => {
  it('of the start come at once, and those of the close before the end', async () => {
    const collector = await startCollector()
    const program = startProgram(fileURLToPath(MAIN), { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
    await until('the start has come', program, () => collector.names().includes('start Pool'))
    expect(await program.end('SIGTERM'), program.output()).toBe(0)
    expect(collector.names()).toEqual(['start Connections', 'start Pool', 'close Connections', 'close Pool'])
  })

  it('are made by the lines that docs/observability.md shows', () => {
    const [, lines = ''] = /^\/\/ From here\n(.*)^\/\/ to here$/ms.exec(readFileSync(MAIN, 'utf8')) ?? []
    const document = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8')
    expect(lines).not.toBe('')
    expect(document).toContain(`\`\`\`ts\n${lines}\`\`\`\n`)
  })
})
