import type { Awaitable } from '@svc/core'
import { isThenable } from '@svc/core/internal'
import { StopNode, StopSource } from '@svc/stopchan/internal'
import type { Child } from './children.ts'
import type { ServiceEngine } from './service-engine.ts'

/** For hooks that take no signal where there is no deadline. */
const NEVER = new AbortController().signal

/** A step of a transition that has not ended at once and well: it has thrown, or there is something to wait for. */
export interface Begun {
  /** The sub-service whose step it is; none for the own hook. */
  readonly child: Child | undefined
  readonly work: PromiseLike<unknown> | undefined
  readonly thrown: { readonly error: unknown } | undefined
}

/** Runs one step as far as it goes at once; `undefined` when it has ended well. */
export function begin(child: Child | undefined, run: () => PromiseLike<unknown> | undefined): Begun | undefined {
  try {
    const work = run()
    return work === undefined ? undefined : { child, work, thrown: undefined }
  } catch (error) {
    return { child, work: undefined, thrown: { error } }
  }
}

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
  const result = hook(engine, engine.transition?.share() ?? NEVER)
  if (!isThenable(result)) return undefined
  engine.hook = { kind, since: performance.now() }
  return result
}
