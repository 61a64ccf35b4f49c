import type { TracerProvider } from '@opentelemetry/api'
import type { Scope, Service } from '@svc/core'
import { createService } from '@svc/engine'
import type { HttpService } from '@svc/http'
import { createDemo, type Demo } from './demo/demo.ts'
import { createDeliveries } from './delivery/deliveries.ts'
import { createTargetGuard } from './delivery/target-guard.ts'
import { createAttemptTraces } from './delivery/trace.ts'
import { createApi } from './http/api.ts'
import { createRetention } from './retention.ts'
import type { Settings } from './settings.ts'
import { createStore } from './store/store.ts'

/** The whole program but for what is around it. */
export interface Relay extends Service {
  /** Where the public listener is, once started. */
  url(): string
}

/**
 * Makes the relay, the tree of all services. They start in the order in which they need each other and close in reverse:
 * the public listener never takes what cannot be stored, and ends first.
 */
export function createRelay(parent: Scope, settings: Settings, tracerProvider: TracerProvider | undefined): Relay {
  let demo: Demo | undefined
  let api: HttpService | undefined
  const url = (): string => api?.url() ?? ''
  const service = createService({
    name: 'Relay',
    parent,
    closeOrder: 'reverse',
    subServices: (relay) => {
      const guard = createTargetGuard(settings)
      const traces = createAttemptTraces(tracerProvider)
      // In-flight attempts get half of the time there is for closing: what comes after them needs some as well
      const patienceMs = (settings.graceMs - settings.drainDelayMs) / 2
      demo = settings.demo ? createDemo(relay, settings) : undefined
      const store = createStore(relay, { file: settings.databaseFile, maxPending: settings.maxPending })
      const deliveries = createDeliveries(relay, { ...settings, store, guard, traces, patienceMs })
      const retention = createRetention(relay, { store, retentionMs: settings.retentionMs })
      api = createApi(relay, { ...settings, store, deliveries, guard })
      // The endpoints of the demo are there before the relay and stay until it has ended, as those of others would
      return [...(demo === undefined ? [] : [demo]), store, deliveries, retention, api]
    },
    start: async (_relay, signal) => {
      await demo?.begin(url(), signal)
    },
  })
  return { ...service, url }
}
