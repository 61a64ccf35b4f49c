import assert from 'node:assert/strict'
import {
  createErrorBuffer,
  createScope,
  type Exporter,
  isServiceError,
  joinErrors,
  mergeReports,
  reportToJSON,
  ServiceError,
  sleep,
  toError,
} from '@svc/core'

const buffer = createErrorBuffer({ cap: 1 })
buffer.append(new Error('first'))
buffer.append('second')
assert.equal(buffer.flush().dropped, 1)

const report = mergeReports([new Map([['A', null]]), new Map([['B', toError('broken')]])])
assert.equal(JSON.stringify(reportToJSON(report)), '{"A":null,"B":"broken"}')
assert.equal(joinErrors([null, null]), null)
assert.equal(isServiceError(new Error('other')), false)
assert.equal(ServiceError.prototype.name, 'ServiceError')

const exporter: Exporter = { observe: () => undefined }
const scope = createScope({ name: 'Root', exporters: [exporter] })
scope.drain()
assert.equal(scope.draining.aborted, true)
assert.equal(await sleep(1), true)
