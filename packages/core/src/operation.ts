import { now } from './clock.ts'
import type { Exporter, Operation, OperationFunction, ServiceEvent } from './events.ts'
import { checkFunction, checkObject, checkOneOf, checkString, refused } from './check.ts'
import { checkScope, insideOf, reportExporter, type Scope } from './scope.ts'
import { toError } from './to-error.ts'

/** Tells every exporter of a scope; costs nothing when there is none. Whatever they do, it throws only for what is no scope or no event. */
export function emit(scope: Scope, event: ServiceEvent): void {
  // No more than it takes: asking a scope for its name would make the name.
  if (scope?.exporters === undefined) checkScope(scope, 'the scope')
  checkObject(event, 'the event')
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
  lateMs?: number,
): Operation | undefined {
  if (scope.exporters.length === 0) return undefined
  const operation: Operation = { kind, scope, label, parent, origin, startedAt: now(), lateMs }
  emit(scope, { type: 'begin', operation })
  return operation
}

export function endOperation(operation: Operation | undefined, error: Error | null): void {
  if (operation !== undefined) emit(operation.scope, { type: 'end', operation, error, endedAt: now() })
}

/** Runs `fn` once with the operation current in every exporter; what `fn` gives or throws comes back untouched. */
export function activate<T>(operation: Operation | undefined, fn: () => T): T {
  if (operation === undefined) return fn()
  let outcome: { value: T } | { thrown: unknown } | undefined
  let run = (): unknown => {
    try {
      outcome = { value: fn() }
      return outcome.value
    } catch (thrown) {
      outcome = { thrown }
      return undefined
    }
  }
  const { exporters } = operation.scope
  for (let i = exporters.length - 1; i >= 0; i--) {
    const exporter = exporters[i] as Exporter
    if (exporter.activate !== undefined) run = activation(operation, exporter, run)
  }
  run()
  const settled = outcome as unknown as { value: T } | { thrown: unknown }
  if ('thrown' in settled) throw settled.thrown
  return settled.value
}

/** One exporter around what is inside, which is run exactly once, before this returns, whatever the exporter does. */
function activation(operation: Operation, exporter: Exporter, inside: () => unknown): () => unknown {
  let value: unknown
  let called = false
  const once = (): unknown => {
    if (called) return value
    called = true
    return (value = inside())
  }
  return () => {
    try {
      const result: unknown = exporter.activate?.(operation, once)
      if (result !== value && isThenable(result)) watch(operation.scope, exporter, result, value)
    } catch (error) {
      reportExporter(operation.scope, exporter, 'activate', error)
    }
    return once()
  }
}

/** A promise of the exporter's own that nobody will look at: its rejection must not end the process. That of the work, passed on, is no failure of the exporter. */
function watch(scope: Scope, exporter: Exporter, result: PromiseLike<unknown>, value: unknown): void {
  result.then(undefined, async (error: unknown) => {
    const own = await Promise.resolve(value).then(
      () => undefined,
      (failure: unknown) => ({ failure }),
    )
    if (own === undefined || own.failure !== error) reportExporter(scope, exporter, 'activate', error)
  })
}

const KINDS: readonly Operation['kind'][] = ['start', 'close', 'wait', 'drain', 'task', 'tick']

/**
 * Runs `fn` as an operation of a scope: exporters are told its beginning and its end, and it is current while `fn` runs.
 * Resolves or rejects as `fn` does; a wrong argument is a rejection too.
 */
export function runOperation<T>(
  scope: Scope,
  kind: Operation['kind'],
  label: string,
  fn: OperationFunction<T>,
): Promise<T> {
  const refusal = refused(() => {
    checkScope(scope, 'the scope')
    checkOneOf(kind, KINDS, 'the kind')
    checkString(label, 'the label')
    checkFunction(fn, 'the function')
  })
  if (refusal !== undefined) return refusal
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
