export { createHttpService } from './http-service.ts'
export type { FetchHandler, HttpListener, HttpService, HttpServiceOptions, UpgradeHandler } from './http-service.ts'
