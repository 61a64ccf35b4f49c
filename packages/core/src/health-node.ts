import { checkFunction, checkObject } from './check.ts'
import type { HealthReport, HealthReporter } from './service.ts'

/** What probes, scrapes and pages read: nothing is run or consumed by reading it. Times are milliseconds since the epoch. */
export interface HealthSnapshot {
  readonly version: string
  readonly commit: string
  readonly startedAt: number
  /** When reporters were last polled; 0 before the first time. */
  readonly checkedAt: number
  /** Goes up with each change; the same number means the same content. */
  readonly revision: number
  readonly ready: boolean
  readonly healthy: boolean
  /** Whether everything registered was ready at once, once. */
  readonly everReady: boolean
  /** By registered name. */
  readonly readiness: HealthReport
  /** By full name, every part of every reporter. */
  readonly health: HealthReport
}

/** Whoever has a snapshot to read: a health checker. */
export interface HealthSource {
  snapshot(): HealthSnapshot
}

/** Takes one entry of a report. `flushed` is the part of `error` that came out of an error buffer, and is told only once. */
export type VisitEntry = (name: string, error: Error | null, flushed?: Error | null) => void

/**
 * The inside of a reporter of ours, which lets an owner read a tree without copying maps at each level, and skip what
 * has not changed.
 */
export interface HealthNode {
  /** Goes up with each change of this node or one below it. */
  readonly revision: number
  /** Calls `into` for itself, then for each part below. `flush` consumes what error buffers hold and reads hand-written reporters; without it both are left alone. */
  visit(into: VisitEntry, flush: boolean): void
  /** Takes an owner, or `null` for none. @throws TypeError when it has one already. */
  adopt(owner: HealthNode | null): void
}

const NODE = Symbol.for('@svc/node@1')

/**
 * Hangs a node on a reporter's `healthReport` function: a spread of the reporter keeps it, and an override of
 * `healthReport` drops it and so becomes a hand-written reporter.
 */
export function attachNode<R extends HealthReporter>(reporter: R, node: HealthNode): R {
  checkObject(reporter, 'the reporter')
  checkFunction(reporter.healthReport, 'the method "healthReport" of the reporter')
  checkObject(node, 'the node')
  checkFunction(node.visit, 'the method "visit" of the node')
  checkFunction(node.adopt, 'the method "adopt" of the node')
  // A plain property: defining one costs more than all the rest of making a service.
  ;(reporter.healthReport as { [NODE]?: HealthNode })[NODE] = node
  return reporter
}

/** The node of a reporter of ours, or `undefined` for a hand-written one. */
export function nodeOf(reporter: HealthReporter): HealthNode | undefined {
  checkObject(reporter, 'the reporter')
  const report: (() => HealthReport) & { readonly [NODE]?: HealthNode } = reporter.healthReport
  return report?.[NODE]
}
