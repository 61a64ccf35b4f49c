import { emit, joinErrors, type Scope, toError } from '@svc/core'
import type { Watcher } from '@svc/statemachine/internal'

interface Condition {
  readonly error: Error
  /** Shown before the message; none for a condition without a key. */
  readonly label: string | undefined
  shown: Error | undefined
}

/** The sticky conditions of one service, in the order in which they were first set. */
export class Conditions {
  private readonly scope: Scope
  private readonly watcher: Watcher
  private readonly held = new Map<string | symbol, Condition>()
  private all: Error | null | undefined = undefined

  constructor(scope: Scope, watcher: Watcher) {
    this.scope = scope
    this.watcher = watcher
  }

  set(key: string | symbol, error: unknown): void {
    const condition: Condition = {
      error: toError(error),
      label: typeof key === 'string' ? key : undefined,
      shown: undefined,
    }
    this.held.set(key, condition)
    this.tell(key, condition.error)
  }

  clear(key: string | symbol): void {
    if (this.held.delete(key)) this.tell(key, null)
  }

  /** Each as it is shown. It is wrapped when it is first read, since most are never read between a set and a clear. */
  *shown(): Generator<Error> {
    for (const condition of this.held.values()) yield (condition.shown ??= show(condition))
  }

  /** All of them as one error, kept until the next set or clear: an unchanged tree is looked at often. */
  joined(): Error | null {
    if (this.all === undefined) this.all = joinErrors(this.shown())
    return this.all
  }

  private tell(key: string | symbol, error: Error | null): void {
    this.all = undefined
    this.watcher.touch()
    const { scope } = this
    if (scope.exporters.length === 0) return
    emit(scope, {
      type: 'condition',
      scope,
      key: typeof key === 'string' ? key : (key.description ?? ''),
      error,
      active: this.held.size,
    })
  }
}

function show({ label, error }: Condition): Error {
  return label === undefined ? error : new Error(`${label}: ${error.message}`, { cause: error })
}

export function checkConditionError(error: unknown): void {
  if (error === null || error === undefined) {
    throw new TypeError(
      `Cannot set a health condition: expected an error, got ${String(error)}; clear it to make it healthy`,
    )
  }
}
