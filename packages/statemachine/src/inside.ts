import { AsyncLocalStorage } from 'node:async_hooks'
import { type Scope } from '@svc/core'
import { sharedOf } from '@svc/core/internal'

/** Something with an owner that waits for it when it closes. */
export interface Owned {
  readonly owner: Owned | undefined
  /** The transition in flight. */
  readonly inside: Inside | undefined
}

/** A function in flight that a stop of its service, or of one above it, would wait for. */
export interface Inside {
  readonly of: Owned
  readonly outer: Inside | undefined
  done: boolean
}

const KEY = Symbol.for('@svc/insides@1')

/** What all state machines under one root share. */
export function insidesOf(scope: Scope): Insides {
  return sharedOf(scope, KEY, () => new Insides())
}

/**
 * Knows from inside which functions a call comes, so that a close that would wait for its own caller is an error and
 * not a hang. One store covers a whole outermost transition, and none is live while nothing is in flight: Node 22 pays
 * for each promise as long as one is.
 */
export class Insides {
  private readonly storage = new AsyncLocalStorage<Inside>()
  private live = 0
  /** The service whose guarded function runs this very moment, without a store of its own. */
  running: Owned | undefined = undefined

  enter(of: Owned): Inside {
    this.live++
    return { of, outer: this.storage.getStore(), done: false }
  }

  run<T>(inside: Inside, fn: () => T): T {
    return this.storage.run(inside, fn)
  }

  /**
   * Makes of something that has to wait what runs in the context of who asked for it. Who makes way for it may be inside
   * functions that it does not come from.
   */
  later(run: () => void): () => void {
    const bound = AsyncLocalStorage.bind(run)
    return () => {
      const { running } = this
      this.running = undefined
      try {
        bound()
      } finally {
        this.running = running
      }
    }
  }

  leave(inside: Inside): void {
    if (inside.done) return
    inside.done = true
    if (--this.live === 0) this.storage.disable()
  }

  /** Whether a stop of `owned`, called now, would wait for one of the functions that it is called from. */
  holds(owned: Owned): boolean {
    if (isUnder(this.running, owned)) return true
    if (this.live === 0) return false
    for (let it = this.storage.getStore(); it !== undefined; it = it.outer) {
      if (!it.done && (it === owned.inside || isUnder(it.of, owned))) return true
    }
    return false
  }
}

function isUnder(below: Owned | undefined, above: Owned): boolean {
  for (let it = below; it !== undefined; it = it.owner) if (it === above) return true
  return false
}
