import type { Scope, Service } from '@svc/core'
import { createService } from '@svc/engine'
import { createTestScope, type TestScope } from '@svc/testing'

/** What a trial does when the run comes by one of its points. */
export type AtPoint = (point: string, signal: AbortSignal) => void | Promise<void>

/** A tree three deep whose every step is a point at which a trial can strike. */
export interface World {
  readonly scope: TestScope
  readonly root: Service
  readonly services: readonly Service[]
  /** The points that the run has come by, in order. */
  readonly points: readonly string[]
}

/**
 * Makes the tree: `R` has `A` (with `A1`, `A2`) and `B` (with `B1`), and a sub-service that comes while it starts. Each
 * has a task and a tick of its own, a sync or an async hook, and hears the signals that it is given.
 */
export function makeWorld(
  at: AtPoint,
  options: { readonly startTimeoutMs?: number; readonly closeTimeoutMs?: number; readonly closeOrder?: 'reverse' } = {},
): World {
  const scope = createTestScope()
  const services: Service[] = []
  const points: string[] = []
  function pass(point: string, signal: AbortSignal): void | Promise<void> {
    points.push(point)
    return at(point, signal)
  }
  function make(
    name: string,
    parent: Scope,
    subs: readonly Plan[],
    kind: 'sync' | 'async',
    extra: object = {},
  ): Service {
    const service = createService({
      name,
      parent,
      ...extra,
      subServices: (engine) =>
        subs.map(({ name: sub, subs: below = [], kind: how = 'async' }) => make(sub, engine, below, how)),
      start: (engine, signal) => {
        engine.go(({ signal: stop }) => aborted(stop), { label: 'task' })
        engine.goTick({ periodMs: 1000 }, () => {}, { label: 'tick' })
        if (kind === 'sync') return pass(`start ${name}`, signal)
        return (async () => {
          await pass(`start ${name} 1`, signal)
          await Promise.resolve()
          if (name === 'R') await engine.startSubService(make('Late', engine, [], 'async'), { signal })
          await pass(`start ${name} 2`, signal)
        })()
      },
      close: (_, signal) => pass(`close ${name}`, signal),
    })
    services.push(service)
    return service
  }
  const root = make('R', scope, TREE, 'async', {
    closeOrder: options.closeOrder,
    startTimeoutMs: options.startTimeoutMs,
    closeTimeoutMs: options.closeTimeoutMs,
  })
  return { scope, root, services, points }
}

interface Plan {
  readonly name: string
  readonly subs?: readonly Plan[]
  readonly kind?: 'sync' | 'async'
}

const TREE: readonly Plan[] = [
  { name: 'A', subs: [{ name: 'A1', kind: 'sync' }, { name: 'A2' }] },
  { name: 'B', subs: [{ name: 'B1' }], kind: 'sync' },
]

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve()
        },
        { once: true },
      )
    }
  })
}

/** A signal that counts what is put on it and taken off it. */
export interface CountedSignal {
  readonly controller: AbortController
  listeners(): number
}

export function countedSignal(): CountedSignal {
  const controller = new AbortController()
  const { signal } = controller
  const held = new Set<unknown>()
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  signal.addEventListener = (type: string, listener: never, options?: never) => {
    held.add(listener)
    add(type, listener, options)
  }
  signal.removeEventListener = (type: string, listener: never, options?: never) => {
    held.delete(listener)
    remove(type, listener, options)
  }
  // Node takes a listener away itself once the signal has aborted.
  return { controller, listeners: () => (signal.aborted ? 0 : held.size) }
}

/** What every service must be in when nothing is left of a start. */
export function openServices(world: World): string[] {
  return world.services.flatMap((service) => {
    const state = service.readiness() as { state?: string; errors?: readonly { state?: string }[] } | null
    const own = state === null ? 'Started' : (state.errors?.[0]?.state ?? state.state)
    return own === 'Unstarted' || own === 'StartFailed' || own === 'Stopped' ? [] : [`${service.name()} is ${own}`]
  })
}
