import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createScope } from '@svc/core'
import { createHttpService } from '@svc/http'

const parent = createScope()
const fetching = createHttpService({ name: 'Fetch', parent, port: 0, handler: () => new Response('hello') })
const listening = createHttpService({
  name: 'Listener',
  parent,
  port: 0,
  handler: (_request: IncomingMessage, response: ServerResponse) => void response.end('hello'),
})
for (const service of [fetching, listening]) {
  await service.start()
  const response = await fetch(service.url())
  assert.equal(await response.text(), 'hello')
  await service.close()
}
