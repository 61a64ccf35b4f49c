import type { HealthChange } from '@svc/core'
import { healthStatus } from '@svc/core/internal'

/** Divides changes into the `most` that matter and the rest: what has become unhealthy comes first. */
export function divide(
  changes: readonly HealthChange[],
  most: number,
): [chosen: readonly HealthChange[], rest: readonly HealthChange[]] {
  if (changes.length <= most) return [changes, []]
  const isRed = ({ current }: HealthChange): boolean => healthStatus(current) === 'unhealthy'
  const ordered = [...changes.filter(isRed), ...changes.filter((it) => !isRed(it))]
  return [ordered.slice(0, most), ordered.slice(most)]
}
