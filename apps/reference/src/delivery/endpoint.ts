import { type Scope, type Service, sleep } from '@svc/core'
import { createServiceEngine } from '@svc/engine'
import { createStopChan, type StopContext } from '@svc/stopchan'
import type { ClaimedDelivery } from '../store/deliveries.ts'
import { StoreUnavailableError } from '../store/store-unavailable.ts'
import type { Store, Tables } from '../store/store.ts'
import type { Subscription } from '../store/subscriptions.ts'
import { type Backoff, parseRetryAfter, retryDelay } from './backoff.ts'
import { type Answer, createSender } from './send.ts'
import { signRequest } from './signed-request.ts'
import type { TargetGuard } from './target-guard.ts'
import type { createAttemptTraces } from './trace.ts'

/** As many failed attempts in a row make an endpoint unhealthy. */
const FAILURES = 3
const CONDITION = 'endpoint'
/** How long to wait for a store that cannot be used. */
const STORE_RETRY_MS = 1_000
/** Due times are those of a clock that may be set: it is looked at again at least so often. */
const LONGEST_REST_MS = 60_000

/** What all endpoints share. Durations are milliseconds. */
export interface EndpointOptions extends Backoff {
  readonly store: Store
  readonly guard: TargetGuard
  readonly traces: ReturnType<typeof createAttemptTraces>
  readonly maxAttempts: number
  readonly deliveryTimeoutMs: number
  readonly subscriptionConcurrency: number
  /** How long attempts in flight may go on once the service is to close. */
  readonly patienceMs: number
  /** Is told when an endpoint wants nothing any more. */
  readonly onGone: (subscription: string) => void
}

/** Delivers what is due to the endpoint of one subscription. */
export interface Endpoint extends Service {
  /** Has it look for what is due. */
  wake(): void
  /** Gives up the attempts in flight. */
  abandon(): void
}

/**
 * Makes the service of one subscription. What it holds in memory are the deliveries that it attempts, never what waits.
 * Its health is that of the endpoint.
 */
export function createEndpoint(parent: Scope, subscription: Subscription, options: EndpointOptions): Endpoint {
  const { id, secret } = subscription
  const { store, guard, traces, maxAttempts, deliveryTimeoutMs, subscriptionConcurrency, patienceMs, onGone } = options
  const url = new URL(subscription.url)
  const sender = createSender({ url, guard, timeoutMs: deliveryTimeoutMs })
  const patience = createStopChan()
  let patienceTimer: NodeJS.Timeout | undefined
  let inFlight = 0
  let failures = 0
  let isWoken = false
  let isRecovered = false
  let rest: StopContext | undefined

  const { service, engine } = createServiceEngine({
    name: id,
    parent,
    start: (engine) => {
      engine.go(pump, { label: 'pump' })
      engine.signal.addEventListener('abort', () => {
        patienceTimer = setTimeout(abandon, patienceMs)
      })
    },
    close: () => {
      clearTimeout(patienceTimer)
      sender.close()
    },
  })

  function wake(): void {
    isWoken = true
    rest?.cancel()
  }

  function abandon(): void {
    patience.close()
  }

  async function pump({ signal }: StopContext): Promise<void> {
    while (!signal.aborted) {
      isWoken = false
      const restMs = await claimDue(signal)
      if (isWoken) continue
      rest = engine.child()
      await sleep(restMs, { signal: rest.signal })
      rest.cancel()
    }
  }

  /** Begins what is due, as far as there is room, and says when to look again unless woken before. */
  async function claimDue(signal: AbortSignal): Promise<number> {
    const room = subscriptionConcurrency - inFlight
    // An attempt that ends wakes
    if (room === 0) return LONGEST_REST_MS
    try {
      const claimed = await store.write(({ deliveries }) => {
        if (!isRecovered) deliveries.recover(id, Date.now())
        return deliveries.claim(id, room, Date.now())
      })
      isRecovered = true
      if (signal.aborted) {
        await release(claimed)
        return 0
      }
      for (const delivery of claimed) begin(delivery)
      if (claimed.length === room) return LONGEST_REST_MS
      const next = store.read(({ deliveries }) => deliveries.nextDue(id))
      return next === undefined ? LONGEST_REST_MS : Math.min(LONGEST_REST_MS, Math.max(0, next - Date.now()))
    } catch (error) {
      if (error instanceof StoreUnavailableError) return STORE_RETRY_MS
      throw error
    }
  }

  async function release(claimed: readonly ClaimedDelivery[]): Promise<void> {
    await store.write(({ deliveries }) => {
      for (const delivery of claimed) deliveries.release(delivery.id, Date.now())
    })
  }

  function begin(delivery: ClaimedDelivery): void {
    inFlight += 1
    engine.go((task) => attempt(delivery, task), { label: 'attempt' })
  }

  async function attempt(delivery: ClaimedDelivery, { signal }: StopContext): Promise<void> {
    const line = patience.child()
    try {
      const trace = traces(delivery, id)
      const { body, headers } = signRequest(delivery, secret, new Date(), trace.traceparent)
      const answer = await sender.send(body, headers, line.signal)
      const failure = failureOf(answer)
      const outcome = trace.end(failure, () => judge(delivery, answer, failure))
      const isStored = await record(outcome, signal)
      if (isStored && isGone(answer)) onGone(id)
    } finally {
      line.cancel()
      inFlight -= 1
      wake()
    }
  }

  /** Takes notice of what came of an attempt, and gives what to write down about it. */
  function judge(delivery: ClaimedDelivery, answer: Answer, failure: string | undefined): (tables: Tables) => void {
    const { id: row, event, attempts } = delivery
    const now = Date.now()
    if (failure === undefined) {
      if (failures >= FAILURES) engine.logger.info({}, `Healthy: ${url.host} takes deliveries again`)
      failures = 0
      engine.clearHealthCondition(CONDITION)
      engine.logger.debug({ event, attempt: attempts }, 'Delivered')
      return ({ deliveries }) => deliveries.delivered(row, now)
    }
    if ('isAborted' in answer && answer.isAborted) return ({ deliveries }) => deliveries.failed(row, failure, now)
    engine.logger.debug({ event, attempt: attempts }, `Attempt ${attempts} of ${maxAttempts} failed: ${failure}`)
    engine.emitHealthError(new Error(`Cannot deliver ${event}: ${failure}`))
    failures += 1
    if (failures >= FAILURES) {
      const condition = new Error(`the last ${FAILURES} attempts at ${url.host} failed, with ${failure}`)
      if (failures === FAILURES) engine.logger.warn({}, `Unhealthy: ${condition.message}`)
      engine.setHealthCondition(CONDITION, condition)
    }
    if (isGone(answer)) return ({ subscriptions }) => subscriptions.disable(id, failure, now)
    if (attempts >= maxAttempts) {
      engine.logger.warn({ event }, `Gave ${event} up after ${attempts} attempts: ${failure}`)
      return ({ deliveries }) => deliveries.died(row, failure, now)
    }
    const retryAfter = 'status' in answer ? parseRetryAfter(answer.retryAfter, now) : undefined
    const next = now + Math.round(retryDelay(attempts, retryAfter, options))
    return ({ deliveries }) => deliveries.failed(row, failure, next)
  }

  /** Writes until it is stored. What is not by the time of the stop is attempted again after the next start. */
  async function record(write: (tables: Tables) => void, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      try {
        await store.write(write)
        return true
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error
      }
      if (!(await sleep(STORE_RETRY_MS, { signal }))) return false
    }
  }

  return { ...service, wake, abandon }
}

function failureOf(answer: Answer): string | undefined {
  if ('error' in answer) return answer.error
  return answer.status >= 200 && answer.status < 300 ? undefined : `HTTP ${answer.status}`
}

/** With this an endpoint says that it wants nothing any more, ever. */
function isGone(answer: Answer): boolean {
  return 'status' in answer && answer.status === 410
}
