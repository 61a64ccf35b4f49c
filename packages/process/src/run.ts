import { isCancellation, runOperation, sleep, type StartClose } from '@svc/core'
import { now, startTimer } from '@svc/core/internal'
import { createMultiStart } from '@svc/multistart'
import { flushLogger, flushTelemetry } from './flush.ts'
import { createGrace, type Grace } from './grace.ts'
import type { Host } from './host.ts'
import { type Plan, planOf, type RunOptions } from './options.ts'
import { createOutcome, type Outcome } from './outcome.ts'
import { createRunLog, type RunLog } from './run-log.ts'
import { createStep, nameOf } from './step.ts'
import { isAnotherRunning, listenForStop, type StopRequest } from './stop-request.ts'

/** How long a process that was to end may still be there. */
const GUARD_MS = 5_000

/** `runService`, in any process. */
export async function runServiceIn(host: Host, service: StartClose, options: RunOptions): Promise<number> {
  const plan = planOf(service, options)
  const { scope, flushMs } = plan
  const log = createRunLog(scope.logger, nameOf(service) ?? 'service')
  const outcome = createOutcome()
  const grace = createGrace(scope, plan.graceMs)
  const stop = listenForStop(host, plan.signal, { log, outcome, onRequest: grace.begin })
  // Services may well hold nothing that keeps a process alive; a program runs until it is asked to stop.
  const letGo = startTimer(Number.MAX_SAFE_INTEGER, () => {})
  try {
    await live(service, plan, { log, outcome, grace, stop })
    grace.end()
    const code = outcome.exitCode
    const isFlushed = await flushTelemetry(scope, flushMs, log)
    // What hangs there is mostly a connection to a collector, which would hold the process on; a caller's is not ours to end.
    if (!isFlushed && plan.signal === undefined) outcome.abandon()
    log.info({ exitCode: code }, `Ended with exit code ${code}`)
    await flushLogger(scope.logger, flushMs)
    if (code !== 0 || host.getExitCode() === undefined) host.setExitCode(code)
    return code
  } finally {
    letGo()
    stop.release()
    seeToTheEnd(host, plan, { log, outcome })
  }
}

interface Life {
  readonly log: RunLog
  readonly outcome: Outcome
  readonly grace: Grace
  readonly stop: StopRequest
}

/** From the first start to the last close. Every failure is noted in the outcome. */
async function live(service: StartClose, plan: Plan, { log, outcome, grace, stop }: Life): Promise<void> {
  const course = { log, outcome, grace, stop: stop.signal }
  const steps = plan.around.map((it, index) => createStep(it, `around ${index + 1}`, course))
  steps.push(createStep(service, 'service', course))
  const all = createMultiStart()
  const begun = now()
  log.enter('Starting')
  try {
    // Each step is held to the grace already, and may take all of it to give up.
    await all.start(steps, { signal: stop.signal, giveUpMs: 2 * plan.graceMs })
  } catch (error) {
    log.enter('StartFailed')
    noteUnlessNoted('start', error, outcome, stop.signal)
    return
  }
  log.enter('Started')
  log.info({}, `Started in ${Math.round(now() - begun)} ms`)
  await stop.requested
  await drain(plan, nameOf(service) ?? 'service', log, stop.urgent)
  log.enter('Stopping')
  try {
    await all.close()
    log.enter('Stopped')
  } catch (error) {
    log.enter('StopFailed')
    noteUnlessNoted('close', error, outcome, undefined)
  }
}

/** The steps note their own failures; nothing that comes from elsewhere may pass for a success. */
function noteUnlessNoted(
  what: 'start' | 'close',
  error: unknown,
  outcome: Outcome,
  stop: AbortSignal | undefined,
): void {
  if (outcome.exitCode !== 0 || (stop !== undefined && isCancellation(error, stop))) return
  outcome.fail(what, error)
}

/** Traffic still arrives for a while after a program has said that it is not ready any more. */
async function drain({ scope, drainDelayMs }: Plan, label: string, log: RunLog, urgent: AbortSignal): Promise<void> {
  if (drainDelayMs === 0 || urgent.aborted) return
  log.info({}, `Draining for ${drainDelayMs} ms`)
  await runOperation(scope, 'drain', label, () => sleep(drainDelayMs, { signal: urgent }))
}

/** A process ends by itself once nothing keeps it; what was left behind, or leaks, must not keep it for ever. */
function seeToTheEnd(host: Host, { signal }: Plan, { log, outcome }: Pick<Life, 'log' | 'outcome'>): void {
  const exit = (): void => {
    host.exit(host.getExitCode() ?? outcome.exitCode)
  }
  if (isAnotherRunning(host)) return
  if (outcome.abandoned) {
    exit()
  } else if (signal === undefined) {
    const guard = (): void => {
      if (isAnotherRunning(host)) return
      log.warn(
        { resources: host.activeResources() },
        `Still here ${GUARD_MS} ms after the end, as something is open: ending`,
      )
      exit()
    }
    startTimer(GUARD_MS, guard, false)
  }
}
