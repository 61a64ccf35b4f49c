import { rm } from 'node:fs/promises'
import type { Scope, Service } from '@svc/core'
import { createService } from '@svc/engine'
import type { Settings } from '../settings.ts'
import { createReceiver, type Receiver } from './receiver.ts'
import { createSource, type Source } from './source.ts'

const FLAKY_PERIOD_MS = 40_000
const FLAKY_DOWN_MS = 15_000
const SLOW_MS = 2_000

/** Something for the relay to do. */
export interface Demo extends Service {
  /** Subscribes the receivers to a relay, and begins to send it events. */
  begin(relayUrl: string, signal: AbortSignal): Promise<void>
}

/** Makes the demo: three endpoints, of which one fails, as it is set, for a while again and again, and a source of events. */
export function createDemo(parent: Scope, { temporaryFolder, apiToken, demoFlaky }: Settings): Demo {
  const born = Date.now()
  const isDown = (): boolean =>
    demoFlaky === 'sometimes'
      ? (Date.now() - born) % FLAKY_PERIOD_MS >= FLAKY_PERIOD_MS - FLAKY_DOWN_MS
      : demoFlaky === 'down'
  let receivers: readonly Receiver[] = []
  let source: Source | undefined

  const service = createService({
    name: 'Demo',
    parent,
    closeOrder: 'reverse',
    subServices: (demo) => {
      receivers = [
        createReceiver(demo, { name: 'Steady', status: () => 204 }),
        createReceiver(demo, { name: 'Flaky', status: () => (isDown() ? 503 : 204) }),
        createReceiver(demo, { name: 'Slow', status: () => 204, delayMs: SLOW_MS }),
      ]
      source = createSource(demo, { apiToken })
      return [...receivers, source]
    },
    close: async () => {
      if (temporaryFolder !== undefined) await rm(temporaryFolder, { recursive: true, force: true })
    },
  })

  return {
    ...service,
    begin: async (relayUrl, signal) => {
      await source?.begin(relayUrl, receivers, signal)
    },
  }
}
