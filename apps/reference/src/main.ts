import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createScope } from '@svc/core'
import { createDashboard } from '@svc/dashboard'
import { createHealthChecker } from '@svc/health'
import { ConfigurationError, runMain, runService } from '@svc/process'
import { prometheus } from '@svc/prometheus'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createAdmin, detailsOn } from './admin.ts'
import { createLogger } from './logger.ts'
import { createRelay } from './relay.ts'
import { readSettings } from './settings.ts'
import { createTelemetry, FLUSH_MS } from './telemetry.ts'

await runMain(async () => {
  const settings = readSettings(process.env, readArguments())
  const version = readVersion()
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Gauges that the client names as counters, which `promtool check metrics` refuses; others have the same, by type
  for (const what of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${what}_total`)
  const logger = createLogger(settings)
  const { commit } = settings
  const telemetry = await createTelemetry(settings.telemetry, { version, commit }, logger)
  const metrics = prometheus({ registry, spans: telemetry.spans })
  const dashboard = createDashboard({ details: detailsOn(settings.adminHost), spans: telemetry.spans })
  const scope = createScope({ logger, exporters: [metrics, dashboard, ...telemetry.exporters] })
  const checker = createHealthChecker({ version, commit, parent: scope })
  const admin = createAdmin(scope, { source: checker, registry, settings, dashboard })
  const relay = createRelay(scope, settings, telemetry.tracerProvider)
  checker.register(relay)
  const start = async (signal?: AbortSignal): Promise<void> => {
    await telemetry.within(() => relay.start(signal))
    const api = relay.url()
    const page = admin.url()
    scope.logger.info(
      { api, admin: page },
      `Open ${page}/ for the services, ${page}/debug/traces, ${page}/metrics; events go to ${api}/v1/events`,
    )
  }
  const { graceMs, drainDelayMs } = settings
  await runService({ ...relay, start }, { scope, around: [checker, admin], graceMs, drainDelayMs, flushMs: FLUSH_MS })
})

function readArguments(): { readonly demo: boolean } {
  try {
    const { demo = false } = parseArgs({ options: { demo: { type: 'boolean' } } }).values
    return { demo }
  } catch (error) {
    throw new ConfigurationError([`${(error as Error).message}. Expected nothing, or --demo`], { cause: error })
  }
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
