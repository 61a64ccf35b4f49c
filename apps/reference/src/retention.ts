import type { Scope, Service } from '@svc/core'
import { createService } from '@svc/engine'
import type { StopContext } from '@svc/stopchan'
import type { Store } from './store/store.ts'

const HOUR_MS = 3_600_000
/** Removed in one transaction: nothing else is written meanwhile. */
const BATCH = 500

/** Makes the service that removes events older than `retentionMs`, unless something of them is still to be delivered. */
export function createRetention(
  parent: Scope,
  options: { readonly store: Store; readonly retentionMs: number },
): Service {
  const { store, retentionMs } = options
  return createService({
    name: 'Retention',
    parent,
    start: (engine) => {
      const periodMs = Math.min(HOUR_MS, Math.max(1_000, retentionMs / 10))
      engine.goTick({ periodMs }, (tick) => prune(tick, engine.logger), { label: 'prune' })
    },
  })

  async function prune({ signal }: StopContext, logger: Scope['logger']): Promise<void> {
    const before = Date.now() - retentionMs
    let total = 0
    for (let pruned = BATCH; pruned === BATCH && !signal.aborted; total += pruned) {
      pruned = await store.write(({ events }) => events.prune(before, BATCH))
    }
    if (total > 0) logger.info({ events: total }, `Pruned ${total} events`)
  }
}
