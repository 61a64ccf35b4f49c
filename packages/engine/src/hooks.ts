import type { Awaitable } from '@svc/core'
import { isThenable } from '@svc/core/internal'
import { StopNode, StopSource } from '@svc/stopchan/internal'
import type { ServiceEngine } from './service-engine.ts'

/** For hooks that take no signal where there is no deadline. */
const NEVER = new AbortController().signal

/**
 * Calls a hook of the user's; gives back what must be awaited, if anything. A hook that declares a signal gets one of
 * its own, so that what it leaves on it goes with it.
 */
export function callHook(
  engine: ServiceEngine,
  kind: 'start' | 'close',
  hook: (engine: ServiceEngine, signal: AbortSignal) => Awaitable<void>,
): PromiseLike<void> | undefined {
  if (engine.transition === undefined && hook.length > 1) engine.transition = new StopNode(new StopSource())
  engine.hook = { kind, since: performance.now() }
  let result: Awaitable<void>
  try {
    result = hook(engine, engine.transition?.share() ?? NEVER)
    if (isThenable(result)) return result
  } catch (error) {
    engine.hook = undefined
    throw error
  }
  engine.hook = undefined
  return undefined
}
