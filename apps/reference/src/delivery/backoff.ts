/** How long to wait before the next attempt. Durations are milliseconds. */
export interface Backoff {
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/**
 * Chooses the delay after a number of failed attempts: exponential with full jitter, so that what failed together is not
 * tried again together; at least what the endpoint asked for; never above the maximum.
 */
export function retryDelay(attempts: number, retryAfterMs: number | undefined, backoff: Backoff): number {
  const { retryBaseMs, retryMaxMs } = backoff
  const most = Math.min(retryMaxMs, retryBaseMs * 2 ** (attempts - 1))
  return Math.min(retryMaxMs, Math.max(Math.random() * most, retryAfterMs ?? 0))
}

/** Reads a `Retry-After`: seconds, or a date. `undefined` when it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
