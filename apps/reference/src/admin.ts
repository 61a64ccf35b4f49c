import type { HealthSource, RootScope } from '@svc/core'
import { createHttpService, type HttpService } from '@svc/http'
import { createProbes } from '@svc/probes'
import type { Registry } from 'prom-client'
import { servicesPage } from './services-page.ts'
import { isLoopback, type Settings } from './settings.ts'

export interface AdminOptions {
  readonly source: HealthSource
  readonly registry: Registry
  readonly settings: Settings
}

/** Makes the admin listener: probes, metrics and the list of services. Who is not on this machine sees no error messages. */
export function createAdmin(scope: RootScope, { source, registry, settings }: AdminOptions): HttpService {
  const { adminHost: host, adminPort: port } = settings
  const details = isLoopback(host) ? 'always' : 'never'
  const probes = createProbes({ source, draining: scope.draining, metrics: registry, details })
  return createHttpService({
    name: 'Admin',
    parent: scope,
    host,
    port,
    handler: (request) => {
      const isList = new URL(request.url).pathname === '/' && (request.method === 'GET' || request.method === 'HEAD')
      return isList ? servicesPage(source.snapshot(), { details: details === 'always' }) : probes(request)
    },
  })
}
