import { now } from './clock.ts'
import type { Exporter, Operation, OperationFunction, ServiceEvent } from './events.ts'
import { checkFunction, checkOneOf, checkString } from './check.ts'
import { checkScope, insideOf, reportExporter, type Scope } from './scope.ts'
import { toError } from './to-error.ts'

/** Tells every exporter of a scope. Never throws; costs nothing when there is none. */
export function emit(scope: Scope, event: ServiceEvent): void {
  const { exporters } = scope
  for (let i = 0; i < exporters.length; i++) observe(scope, exporters[i] as Exporter, event)
}

function observe(scope: Scope, exporter: Exporter, event: ServiceEvent): void {
  try {
    const result: unknown = exporter.observe?.(event)
    // An async observe is a mistake, but its rejection must not end the process.
    if (isThenable(result))
      result.then(undefined, (error: unknown) => {
        reportExporter(scope, exporter, 'observe', error)
      })
  } catch (error) {
    reportExporter(scope, exporter, 'observe', error)
  }
}

/** Tells a value that must be awaited from one that need not. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Begins an operation and tells exporters; `undefined`, and no work, when there is none. */
export function beginOperation(
  scope: Scope,
  kind: Operation['kind'],
  label: string,
  parent: Operation | undefined,
  origin: Operation | undefined,
): Operation | undefined {
  if (scope.exporters.length === 0) return undefined
  const operation: Operation = { kind, scope, label, parent, origin, startedAt: now() }
  emit(scope, { type: 'begin', operation })
  return operation
}

export function endOperation(operation: Operation | undefined, error: Error | null): void {
  if (operation !== undefined) emit(operation.scope, { type: 'end', operation, error, endedAt: now() })
}

/** Runs `fn` once with the operation current in every exporter; what `fn` gives or throws comes back untouched. */
export function activate<T>(operation: Operation | undefined, fn: () => T): T {
  if (operation === undefined) return fn()
  const { scope } = operation
  let outcome: { value: T } | { thrown: unknown } | undefined
  let run: () => unknown = () => {
    if (outcome !== undefined) return undefined
    try {
      outcome = { value: fn() }
    } catch (thrown) {
      outcome = { thrown }
    }
    return 'value' in outcome ? outcome.value : undefined
  }
  const bare = run
  for (let i = scope.exporters.length - 1; i >= 0; i--) {
    const exporter = scope.exporters[i] as Exporter
    if (exporter.activate === undefined) continue
    const inner = run
    run = () => {
      try {
        return exporter.activate?.(operation, inner)
      } catch (error) {
        reportExporter(scope, exporter, 'activate', error)
      }
      return inner()
    }
  }
  run()
  bare()
  const settled = outcome as unknown as { value: T } | { thrown: unknown }
  if ('thrown' in settled) throw settled.thrown
  return settled.value
}

/**
 * Runs `fn` as an operation of a scope: exporters are told its beginning and its end, and it is current while `fn` runs.
 * Resolves or rejects as `fn` does.
 */
export function runOperation<T>(
  scope: Scope,
  kind: Operation['kind'],
  label: string,
  fn: OperationFunction<T>,
): Promise<T> {
  checkScope(scope, 'the scope')
  checkOneOf(kind, ['start', 'close', 'wait', 'drain', 'task', 'tick'], 'the kind')
  checkString(label, 'the label')
  checkFunction(fn, 'the function')
  const inside = insideOf(scope)
  const rooted = kind === 'task' || kind === 'tick'
  const operation = beginOperation(scope, kind, label, rooted ? undefined : inside?.operation, inside?.origin)
  return settle(operation, fn)
}

async function settle<T>(operation: Operation | undefined, fn: OperationFunction<T>): Promise<T> {
  try {
    const value = await activate(operation, fn)
    endOperation(operation, null)
    return value
  } catch (error) {
    endOperation(operation, toError(error))
    throw error
  }
}
