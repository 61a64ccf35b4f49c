import type { HealthSnapshot } from './health-node.ts'
import { now } from './clock.ts'
import { SERVICE_STATES } from './service.ts'

/** How services that share a series are combined, and the workers of a cluster. */
export type Aggregator = 'sum' | 'min' | 'max' | 'first'

/** What a metric says, whatever it is called. */
export interface MetricFact {
  readonly help: string
  readonly aggregator: Aggregator
}

/** What a histogram says, with the upper bounds of its buckets in seconds. */
export interface HistogramFact {
  readonly help: string
  readonly bounds: readonly number[]
}

type Fact =
  | 'health'
  | 'uptime'
  | 'version'
  | 'build'
  | 'ready'
  | 'state'
  | 'stateCode'
  | 'startTime'
  | 'startDuration'
  | 'startFailures'
  | 'closeFailures'
  | 'errors'
  | 'dropped'
  | 'transitions'
  | 'conditions'
  | 'lastCheck'
  | 'inFlight'

const STATE_CODES = SERVICE_STATES.map((state, code) => `${code} ${state}`).join(', ')

/** What is told of services by one value each. */
export const METRIC_FACTS: Readonly<Record<Fact, MetricFact>> = {
  health: { aggregator: 'min', help: 'Health of a service: 1 healthy, 0 unhealthy' },
  uptime: { aggregator: 'max', help: 'Time since the health checker was started' },
  version: { aggregator: 'first', help: 'Version and commit of the program; always 1' },
  build: { aggregator: 'first', help: 'Version, commit and runtime of the program; always 1' },
  ready: { aggregator: 'min', help: 'Readiness of a registered service: 1 ready, 0 not ready' },
  state: { aggregator: 'max', help: 'State of a service: 1 for the one that it is in, 0 for the other six' },
  stateCode: { aggregator: 'max', help: `State of a service by number: ${STATE_CODES}` },
  startTime: { aggregator: 'first', help: 'When the start of a service began, in seconds since the epoch' },
  startDuration: { aggregator: 'max', help: 'How long the start of a service took, failed or not' },
  startFailures: { aggregator: 'sum', help: 'Failed starts of a service, by type of error' },
  closeFailures: { aggregator: 'sum', help: 'Failed closes of a service, by type of error' },
  errors: { aggregator: 'sum', help: 'Health errors that a service has emitted' },
  dropped: { aggregator: 'sum', help: 'Health errors of a service that were dropped before anyone saw them' },
  transitions: { aggregator: 'sum', help: 'Changes of a service between healthy and unhealthy' },
  conditions: { aggregator: 'max', help: 'Health conditions of a service that are set' },
  lastCheck: { aggregator: 'min', help: 'When reporters were last polled, in seconds since the epoch' },
  inFlight: { aggregator: 'sum', help: 'Tasks and ticks of a service that are running' },
}

/** A poll reads in-process state, and should be far below a probe's time-out of one second. */
export const CHECK_DURATION: HistogramFact = {
  help: 'How long health checks took',
  bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
}

/** Ticks take milliseconds, tasks minutes. */
export const TASK_DURATION: HistogramFact = {
  help: 'How long tasks and ticks of a service took',
  bounds: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
}

/** A timer is some milliseconds late, a blocked event loop or a slow handler makes it seconds. */
export const TICK_LATENESS: HistogramFact = {
  help: 'How long after they were due ticks of a service began',
  bounds: [0.01, 0.05, 0.25, 1, 5, 30],
}

export function combine(aggregator: Aggregator, before: number, value: number): number {
  switch (aggregator) {
    case 'sum':
      return before + value
    case 'min':
      return Math.min(before, value)
    case 'max':
      return Math.max(before, value)
    case 'first':
      return before
  }
}

/** Since the first of the checkers was started; `undefined` before that. */
export function uptimeSeconds(snapshots: readonly HealthSnapshot[]): number | undefined {
  const started = earliest(snapshots.map(({ startedAt }) => startedAt))
  return started === undefined ? undefined : Math.max(0, now() - started) / 1000
}

/** When the checker that is furthest behind has polled, in seconds since the epoch. */
export function lastCheckSeconds(snapshots: readonly HealthSnapshot[]): number | undefined {
  const checked = earliest(snapshots.map(({ checkedAt }) => checkedAt))
  return checked === undefined ? undefined : checked / 1000
}

/** The least of some times; 0 is one that has not come yet. */
function earliest(times: readonly number[]): number | undefined {
  const known = times.filter((time) => time > 0)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** Like `Node.js/24`, as every runtime names itself. */
export function runtimeName(): string {
  return globalThis.navigator?.userAgent ?? 'unknown'
}
