import { attachNode, type HealthReport, isServiceError, joinErrors, type Service } from '@svc/core'
import { checkSignal, isSignal, refused } from '@svc/core/internal'
import { type Machine, STARTED, STARTING, UNSTARTED } from '@svc/statemachine/internal'
import { StopNode, StopSource } from '@svc/stopchan/internal'
import { closeService } from './close-steps.ts'
import { budgetOf, deadlineError } from './deadline.ts'
import type { Engine } from './engine.ts'
import { Family } from './family.ts'
import { PendingList } from './pending-list.ts'
import { checkConfig, type ServiceConfig } from './service-config.ts'
import { ServiceEngine } from './service-engine.ts'
import { startService } from './start-steps.ts'
import { treeReadiness } from './tree.ts'
import { Waiter } from './within.ts'

/** A service made of a config. It can be spread (`{ ...service, add }`), and its methods work detached. */
export interface EngineService extends Service, AsyncDisposable {}

/**
 * Makes a service of hooks and sub-services. Go: `Config.NewService`.
 *
 * @throws TypeError or RangeError for a config that is wrong, and TypeError for sub-services that share a name or have an owner.
 * @example A service with a sub-service
 * ```ts
 * const app = createService({ name: 'App', subServices: (engine) => [createDatabase(engine)] })
 * await app.start()
 * ```
 */
export function createService(config: ServiceConfig): EngineService {
  return createServiceEngine(config).service
}

/** The same, and the engine with it, for the service's own functions. Go: `Config.NewServiceEngine`. */
export function createServiceEngine(config: ServiceConfig): {
  readonly service: EngineService
  readonly engine: Engine
} {
  checkConfig(config)
  const engine = new ServiceEngine(config)
  if (config.subServices !== undefined) {
    const services = config.subServices(engine)
    engine.family = new Family(engine)
    engine.family.adoptAll(services)
  }
  // Bound, not closures: thousands of them live.
  const service: EngineService = {
    name: fullName.bind(engine),
    start: start.bind(engine),
    close: close.bind(engine),
    readiness: readiness.bind(engine),
    healthReport: healthReport.bind(engine),
    [Symbol.asyncDispose]: dispose,
  }
  engine.ownReadiness = service.readiness
  return { service: attachNode(service, engine), engine }
}

function fullName(this: ServiceEngine): string {
  return this.id
}

function start(this: ServiceEngine, signal?: AbortSignal): Promise<void> {
  if (signal !== undefined && !isSignal(signal)) return refuseSignal(signal)
  const { machine, config } = this
  const before = machine.number
  let waiting: StopNode | undefined
  const started = machine.start(() => run(this, waiting ?? budgetOf(signal, config.startTimeoutMs), startService))
  if (before === UNSTARTED && isWaiting(machine)) {
    waiting = budgetOf(signal, config.startTimeoutMs) ?? new StopNode(new StopSource())
    waitBehindLeases(this, waiting)
  }
  if (signal?.aborted !== true) return started
  // The reason comes back untouched, whatever it is.
  return started.catch((error: unknown) => {
    throw isServiceError(error) ? error : signal.reason
  })
}

function close(this: ServiceEngine, signal?: AbortSignal): Promise<void> {
  if (signal !== undefined && !isSignal(signal)) return refuseSignal(signal)
  const { machine, config } = this
  const now = machine.stopNow(() => run(this, budgetOf(signal, config.closeTimeoutMs), closeService))
  if (now !== undefined) return now
  const budget = budgetOf(signal, config.closeTimeoutMs)
  const queued = machine.queueStop(() => run(this, budget, closeService))
  // What holds the stop back may itself wait for the engine's signal.
  if (machine.number === STARTED) this.halt()
  if (budget === undefined) return queued.ended
  endWaiting(this, budget, queued.withdraw)
  return queued.ended.finally(() => {
    budget.detach()
  })
}

/** Whether its start has to wait for guarded functions. */
function isWaiting({ number, lock }: Machine): boolean {
  return number === STARTING && !lock.isWriting
}

/** At its deadline a start that still waits for guarded functions abandons them; a close that cannot wait for it may end it, too. */
function waitBehindLeases(engine: ServiceEngine, budget: StopNode): void {
  engine.transition = budget
  atEndOf(budget, async () => {
    await Promise.resolve()
    if (isWaiting(engine.machine)) engine.machine.knownLeases?.abandon()
  })
}

/** At its deadline a close that still waits for its turn abandons guarded functions, if there is something to stop; then it gives up, on a start too. */
function endWaiting(engine: ServiceEngine, budget: StopNode, withdraw: (error: Error) => boolean): void {
  const { machine } = engine
  atEndOf(budget, async () => {
    const pending = new PendingList()
    pending.note(engine)
    await Promise.resolve()
    if (machine.number === STARTED && !machine.lock.isWriting) machine.knownLeases?.abandon()
    pending.note(engine)
    if (withdraw(deadlineError('close', engine.id, pending.list(), budget.reason))) engine.interrupt(budget.reason)
  })
}

/** `react` had better do so a turn later: owners with the same deadline have yet to note what has not ended. */
function atEndOf(budget: StopNode, react: () => Promise<void>): void {
  const waiter = new Waiter(() => {
    void react()
  })
  if (budget.hasEnded) waiter.stop()
  else budget.asSource().link(waiter)
}

/** Runs a transition under its budget; at once as far as it goes. */
function run(
  engine: ServiceEngine,
  budget: StopNode | undefined,
  transition: (engine: ServiceEngine) => Promise<void> | undefined,
): Promise<void> | undefined {
  engine.transition = budget
  engine.isBounded = budget !== undefined
  return transition(engine)
}

function refuseSignal(signal: unknown): Promise<never> {
  return refused(() => {
    checkSignal(signal)
  }) as Promise<never>
}

function readiness(this: ServiceEngine): Error | null {
  return this.family === undefined ? this.machine.notStarted() : treeReadiness(this)
}

function healthReport(this: ServiceEngine): HealthReport {
  const report = new Map<string, Error | null>()
  this.visit((name, error) => {
    const earlier = report.get(name)
    report.set(name, earlier === undefined ? error : joinErrors([earlier, error]))
  }, true)
  return report
}

const REFUSALS = ['ALREADY_STOPPED', 'CANNOT_STOP_UNSTARTED', 'CANNOT_STOP'] as const

/** Calls the close of the object that it is on, so that an override is the one that runs; lenient where that close is strict. */
async function dispose(this: Service): Promise<void> {
  try {
    await this.close()
  } catch (error) {
    if (!REFUSALS.some((code) => isServiceError(error, code))) throw error
  }
}
