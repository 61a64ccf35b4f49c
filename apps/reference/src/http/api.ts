import { isServiceError, type Logger, type Scope } from '@svc/core'
import { createHttpService, type HttpService } from '@svc/http'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Deliveries } from '../delivery/deliveries.ts'
import type { TargetGuard } from '../delivery/target-guard.ts'
import { StoreUnavailableError } from '../store/store-unavailable.ts'
import type { Store } from '../store/store.ts'
import { authorize } from './authorize.ts'
import { addEventRoutes } from './event-routes.ts'
import { Problem, problemResponse } from './problem.ts'
import { addSubscriptionRoutes } from './subscription-routes.ts'

export interface ApiOptions {
  readonly store: Store
  readonly deliveries: Deliveries
  readonly guard: TargetGuard
  readonly host: string
  readonly port: number
  readonly apiToken: string | undefined
  readonly maxBodyBytes: number
  readonly maxPending: number
}

/** Makes the public listener. */
export function createApi(parent: Scope, options: ApiOptions): HttpService {
  const { host, port } = options
  const app = createApp(options, parent.logger)
  return createHttpService({ name: 'Api', parent, host, port, handler: (request) => app.fetch(request) })
}

function createApp(options: ApiOptions, logger: Logger): Hono {
  const { apiToken, maxBodyBytes } = options
  const app = new Hono()
  app.onError((error, { req }) => problemResponse(asProblem(error, req.raw.signal, logger)))
  app.notFound(({ req }) => problemResponse(new Problem(404, `There is nothing at ${JSON.stringify(req.path)}`)))
  if (apiToken !== undefined) app.use('/v1/*', authorize(apiToken))
  const tooLarge = (): never => {
    throw new Problem(413, `Expected a body of at most ${maxBodyBytes} bytes`)
  }
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }))
  addSubscriptionRoutes(app, options)
  addEventRoutes(app, options)
  return app
}

function asProblem(error: Error, gone: AbortSignal, logger: Logger): Problem {
  if (error instanceof Problem) return error
  if (gone.aborted) return new Problem(400, 'Expected the whole of a request')
  // Nothing has been stored: who asks again gets another try
  if (error instanceof StoreUnavailableError || isServiceError(error, 'NOT_STARTED')) {
    return new Problem(503, 'Nothing can be stored for now: try again later', { headers: { 'retry-after': '1' } })
  }
  logger.error({ err: error }, `Cannot answer a request: ${error.message}`)
  return new Problem(500, 'Something is wrong here, and it has been logged')
}
