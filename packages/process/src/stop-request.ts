import { toError } from '@svc/core'
import { type Host, type HostEvent, STOP_SIGNALS, type StopSignal } from './host.ts'
import { describeError } from './describe-error.ts'
import type { Outcome } from './outcome.ts'
import type { RunLog } from './run-log.ts'

/** Why a program is to stop, and how. */
export interface StopRequest {
  /** Aborts at the first request: the signal for starting up. */
  readonly signal: AbortSignal
  /** Resolves then. */
  readonly requested: Promise<void>
  /** Aborts at the first uncaught exception, after which nothing is waited for that need not be. */
  readonly urgent: AbortSignal
  /** Takes every listener off again. */
  release(): void
}

/** What is told of requests. */
export interface StopListener {
  readonly log: RunLog
  readonly outcome: Outcome
  /** Runs at the first request, in the same turn. */
  readonly onRequest: () => void
}

/** Marks the listeners of a run, so that another run in the same process is told from a listener of somebody else. */
const LISTENER = Symbol.for('@svc/process@1')

/**
 * Listens for what asks a program to stop: SIGTERM, SIGINT, an uncaught exception, the caller's signal. A second process
 * signal ends the process at once, with 128 and its number.
 */
export function listenForStop(host: Host, caller: AbortSignal | undefined, listener: StopListener): StopRequest {
  const { log, outcome, onRequest } = listener
  const first = new AbortController()
  const urgent = new AbortController()
  const { promise: requested, resolve } = Promise.withResolvers<void>()
  const undo: (() => void)[] = []
  let signals = 0

  function request(reason: unknown): void {
    if (first.signal.aborted) return
    first.abort(reason)
    onRequest()
    resolve()
  }
  function listen(event: HostEvent, listener: (...args: unknown[]) => void): void {
    host.on(event, Object.assign(listener, { [LISTENER]: true }))
    undo.push(() => {
      host.off(event, listener)
    })
  }
  function onSignal(name: StopSignal): void {
    if (++signals > 1) {
      log.warn({ signal: name }, `${name} again: ending at once`)
      host.exit(128 + STOP_SIGNALS[name])
      return
    }
    log.info(
      { signal: name },
      first.signal.aborted ? `${name}: stopping already, another ends at once` : `Stopping: ${name}`,
    )
    request(new Error(`Stopped by ${name}`))
  }
  function onException(thrown: unknown, origin: unknown): void {
    const what = origin === 'unhandledRejection' ? 'Unhandled rejection' : 'Uncaught exception'
    log.error({ err: toError(thrown) }, `${what}: ${describeError(thrown)}`)
    outcome.fail('crash', thrown)
    const reason = new Error(`Stopped by an ${what.toLowerCase()}`)
    urgent.abort(reason)
    request(reason)
  }
  function onAbort(): void {
    log.info({}, 'Stopping: asked to by the caller')
    request(caller?.reason)
  }

  for (const name of Object.keys(STOP_SIGNALS) as StopSignal[]) {
    listen(name, () => {
      onSignal(name)
    })
  }
  listen('uncaughtException', onException)
  if (caller?.aborted === true) onAbort()
  caller?.addEventListener('abort', onAbort)
  return {
    signal: first.signal,
    requested,
    urgent: urgent.signal,
    release: () => {
      caller?.removeEventListener('abort', onAbort)
      for (const fn of undo) fn()
    },
  }
}

/** Whether another run in this process is still going on. */
export function isAnotherRunning(host: Host): boolean {
  return host.listeners('SIGTERM').some((listener) => (listener as { [LISTENER]?: unknown })[LISTENER] === true)
}
