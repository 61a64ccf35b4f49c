import type { HealthReporter, HealthSource, Scope } from '@svc/core'
import { checkName, checkObject, checkPeriod, checkScope, checkString } from '@svc/core/internal'
import { createServiceEngine, type EngineService } from '@svc/engine'
import { Checker } from './checker.ts'
import { Watch } from './watch.ts'

/** Options of {@link createHealthChecker}. */
export interface HealthCheckerOptions {
  /** Whose name, logger and exporters it inherits. */
  readonly parent?: Scope | undefined
  /** The version of the program; `''` by default. */
  readonly version?: string | undefined
  /** The commit it was built from, cut to 7 characters; `''` by default. */
  readonly commit?: string | undefined
  /** Between two polls, not jittered; 15000 by default. */
  readonly intervalMs?: number | undefined
}

/**
 * Watches health reporters, without owning them. A service named `HealthCheck`: while it runs it polls, and all of its
 * methods answer before and after that as well. Nothing registered is ready and healthy.
 */
export interface HealthChecker extends EngineService, HealthSource {
  /**
   * Watches a reporter under the name that it has now. It is read, and told to exporters, at once.
   *
   * @returns its undo, which may be called twice.
   * @throws TypeError for what is no reporter, or has an empty name; ServiceError `DUPLICATE_NAME` for a name that is taken.
   */
  register(reporter: HealthReporter): () => void
  /** Forgets a reporter; harmless for a name that is not there. @throws TypeError for an empty name */
  unregister(name: string): void
  /** Whether everything registered is ready. */
  isReady(): boolean
  /** Whether everything registered is healthy. */
  isHealthy(): boolean
}

/**
 * Makes a checker that keeps a snapshot for probes, scrapes and pages to read. State and conditions of our own services
 * are read live, by version, so that an unchanged tree costs nothing. At each interval error buffers are flushed and
 * hand-written reporters are read, and exporters are told what has changed; a flushed error stays in the snapshot for one
 * full interval. Whoever throws or returns nonsense is unhealthy with that error, and the others are read all the same.
 * Go: `NewChecker`.
 *
 * @throws TypeError, RangeError for wrong options
 * @example A checker beside the service that it watches
 * ```ts
 * const checker = createHealthChecker({ version: '1.2.3', parent: scope })
 * checker.register(app)
 * await checker.start()
 * ```
 */
export function createHealthChecker(options: HealthCheckerOptions = {}): HealthChecker {
  checkObject(options, 'the options')
  const { parent, version = '', commit = '', intervalMs = 15_000 } = options
  if (parent !== undefined) checkScope(parent)
  checkString(version, 'option "version"')
  checkString(commit, 'option "commit"')
  checkPeriod(intervalMs, 'option "intervalMs"')
  const { service, engine } = createServiceEngine({
    name: 'HealthCheck',
    parent,
    start: () => {
      checker.start()
      engine.goTick({ periodMs: intervalMs, initialMs: intervalMs, jitter: 0 }, () => checker.poll(), { label: 'poll' })
    },
  })
  const checker = new Checker(engine, { version, commit: commit.slice(0, 7) })
  return {
    ...service,
    register: (reporter) => checker.register(new Watch(reporter)),
    unregister: (name) => {
      checkName(name, 'the name of a reporter')
      checker.unregister(name)
    },
    snapshot: () => checker.snapshot(),
    isReady: () => checker.snapshot().ready,
    isHealthy: () => checker.snapshot().healthy,
  }
}
