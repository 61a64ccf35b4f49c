/** An alert, before it is written down. Times are seconds. */
export interface AlertRule {
  readonly alert: string
  /** `critical` wakes somebody, `warning` is looked at in the morning, `info` when somebody looks anyway. */
  readonly severity: 'critical' | 'warning' | 'info'
  /** Why it is as it is; a comment in the file. */
  readonly why: string
  readonly expr: string
  readonly forSeconds?: number | undefined
  readonly keepFiringForSeconds?: number | undefined
  readonly summary: string
  readonly description: string
}

/** A recording rule. */
export interface RecordingRule {
  readonly record: string
  readonly why: string
  readonly expr: string
}

/** Names a target, a job, and a service; a label that is not there is empty, which is equal as well. */
export const JOB = 'cluster, namespace, job'
export const INSTANCE: string = `${JOB}, instance`
export const SERVICE: string = `${INSTANCE}, service_id`

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** A time as Prometheus writes it: the largest unit that leaves a whole number, at least one millisecond. */
export function duration(seconds: number): string {
  for (const [unit, size] of UNITS) if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`
  return `${Math.max(1, Math.round(seconds * 1_000))}ms`
}
