import type { HrTime } from '@opentelemetry/api'

/**
 * Turns milliseconds since the epoch, with fractions, into OpenTelemetry's seconds and nanoseconds. The SDKs take a
 * pair as it is, while a number loses its fraction or is taken for a time since the process began.
 */
export function toHrTime(epochMs: number): HrTime {
  // The remainder is exact; a division first would round.
  const rest = epochMs % 1000
  const nanos = Math.round(rest * 1e6)
  const seconds = Math.round((epochMs - rest) / 1000)
  return nanos === 1e9 ? [seconds + 1, 0] : [seconds, nanos]
}
