import { errorTree, isServiceError, ServiceError, type StartClose, toError } from '@svc/core'
import { now } from '@svc/core/internal'
import { describeError } from './describe-error.ts'
import type { Grace } from './grace.ts'
import type { Outcome } from './outcome.ts'
import type { RunLog } from './run-log.ts'

/** What the steps of a run share. */
export interface Course {
  readonly log: RunLog
  readonly grace: Grace
  readonly outcome: Outcome
  /** Aborts when a stop is asked for: the signal that each start is given. */
  readonly stop: AbortSignal
}

/**
 * One service as a run starts and closes it: with a line for each step, within the one budget, and every failure noted
 * where it happens. Started and closed by a MultiStart, so one that fails to start is not closed.
 */
export function createStep(service: StartClose, fallbackName: string, course: Course): StartClose {
  const { log, grace, outcome, stop } = course
  const name = nameOf(service) ?? fallbackName
  return {
    start: async () => {
      try {
        await finish('start', name, async () => service.start(stop), course)
      } catch (error) {
        if (isEcho(error, stop)) {
          log.info({ service: name, state: 'StartFailed' }, `Gave up the start of "${name}", as a stop was asked for`)
        } else {
          log.error(
            { service: name, state: 'StartFailed', err: toError(error) },
            headed(`Cannot start "${name}"`, error),
          )
          outcome.fail('start', error)
        }
        // What has been started is closed now, and within the budget.
        grace.begin()
        throw error
      }
    },
    close: async () => {
      try {
        await finish('close', name, async () => service.close(grace.signal), course)
        log.info({ service: name, state: 'Stopped' }, `Closed "${name}"`)
      } catch (error) {
        if (isServiceError(error, 'ALREADY_STOPPED')) {
          log.info({ service: name, state: 'Stopped' }, `"${name}" was closed already`)
          return
        }
        log.error({ service: name, state: 'StopFailed', err: toError(error) }, headed(`Cannot close "${name}"`, error))
        outcome.fail('close', error)
        throw error
      }
    },
  }
}

/** Runs one start or close; what has not ended when the budget has is left behind. */
async function finish(kind: 'start' | 'close', name: string, fn: () => Promise<void>, course: Course): Promise<void> {
  const begun = now()
  if (await course.grace.wait(fn())) return
  const ageMs = now() - begun
  const reason = `it has run for ${Math.round(ageMs)} ms, and the time for stopping has passed`
  throw new ServiceError(`Cannot wait any longer for the ${kind} of "${name}": ${reason}`, {
    code: 'TIMEOUT',
    service: name,
    pending: [{ service: name, kind, label: kind, ageMs, startedBy: undefined }],
  })
}

/** Errors of ours begin by themselves with what could not be done. */
function headed(heading: string, error: unknown): string {
  const text = describeError(error)
  return text.startsWith(heading) ? text : `${heading}: ${text}`
}

/** The name that a service tells, if it does. */
export function nameOf(service: StartClose): string | undefined {
  try {
    const name: unknown = (service as { readonly name?: () => unknown }).name?.()
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}

/**
 * Whether a start that was asked to stop ended by just that: at the bottom of its error there is nothing but the reason,
 * and nothing was left behind.
 */
function isEcho(error: unknown, stop: AbortSignal): boolean {
  if (!stop.aborted) return false
  if (error === stop.reason) return true
  const reason = new Set(errorTree(stop.reason))
  const parts = [...errorTree(error)]
  if (parts.some((part) => isServiceError(part) && part.pending.length > 0)) return false
  const leaves = parts.filter(isLeaf)
  return leaves.length > 0 && leaves.every((leaf) => reason.has(leaf))
}

function isLeaf(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return true
  const { cause, errors } = part as { readonly cause?: unknown; readonly errors?: unknown }
  return (cause === undefined || cause === null) && !(Array.isArray(errors) && errors.length > 0)
}
