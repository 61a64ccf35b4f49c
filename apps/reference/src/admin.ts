import type { HealthSource, RootScope } from '@svc/core'
import type { Dashboard } from '@svc/dashboard'
import { createHttpService, type HttpService } from '@svc/http'
import { createProbes } from '@svc/probes'
import { openMetrics } from '@svc/prometheus'
import type { Registry } from 'prom-client'
import { isLoopback, type Settings } from './settings.ts'

export interface AdminOptions {
  readonly source: HealthSource
  readonly registry: Registry
  readonly settings: Settings
  readonly dashboard: Dashboard
}

/** Who may see error messages: nobody, where somebody who is not on this machine could ask. */
export function detailsOn(host: string): 'always' | 'never' {
  return isLoopback(host) ? 'always' : 'never'
}

/** Makes the admin listener: the pages of the services and their traces, probes and metrics. */
export function createAdmin(scope: RootScope, { source, registry, settings, dashboard }: AdminOptions): HttpService {
  const { adminHost: host, adminPort: port } = settings
  const details = detailsOn(host)
  const metrics = [registry, openMetrics(registry)]
  const probes = createProbes({ source, draining: scope.draining, metrics, details })
  return createHttpService({ name: 'Admin', parent: scope, host, port, handler: dashboard.handler(probes) })
}
