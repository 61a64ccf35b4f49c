import { AsyncLocalStorage } from 'node:async_hooks'
import { checkBoolean, checkObject, checkOptionalFunction, checkRequiredSignal, checkString, show } from './check.ts'
import type { Exporter, Operation } from './events.ts'
import { checkLogger, type Logger, SILENT } from './logger.ts'

/** Where a service lives: what it inherits from above. Identity is the scope's, never the service object's. */
export interface Scope {
  /** The full name, `Parent.Child`. */
  readonly id: string
  /** The last part of it. */
  readonly name: string
  readonly parent: Scope | undefined
  readonly logger: Logger
  readonly exporters: readonly Exporter[]
  /** Aborts when the program begins to drain: not ready any more, still serving. */
  readonly draining: AbortSignal
}

/** The scope at the top of a program. */
export interface RootScope extends Scope {
  /** Aborts `draining`; twice is harmless. */
  drain(): void
  /** Flushes every exporter at once; one that fails or outlives the signal is logged and never rejects this. */
  flush(signal: AbortSignal): Promise<void>
}

/** Options of {@link createScope}. */
export interface ScopeOptions {
  /** Put before every full name; `''`, the default, for none. */
  readonly name?: string | undefined
  /** Silent when there is none. */
  readonly logger?: Logger | undefined
  readonly exporters?: readonly Exporter[] | undefined
  /** Records where each task was started, for the report of a deadline. Costs a stack trace a task; off by default. */
  readonly traceTasks?: boolean | undefined
  /** Makes a close awaited from inside one of the service's own tasks fail at once. Costs AsyncLocalStorage on tasks; off by default. */
  readonly detectSelfClose?: boolean | undefined
}

/** What the packages keep with a scope, found by a registered symbol so that two installed copies understand each other. */
export interface ScopeInside {
  /** The start or close in flight. */
  readonly operation?: Operation | undefined
  /** The scope's own start. */
  readonly origin?: Operation | undefined
}

/** The key under which a scope has its {@link ScopeInside}. */
export const SCOPE_INSIDE: unique symbol = Symbol.for('@svc/scope@1')
const SHARED = Symbol.for('@svc/shared@1')
const CONTEXT = Symbol.for('@svc/context@1')
const TRACE_TASKS = Symbol.for('@svc/traceTasks@1')
const DETECT_SELF_CLOSE = Symbol.for('@svc/detectSelfClose@1')

/**
 * Makes the scope at the top of a program. What services share belongs to it; nothing is kept in modules.
 *
 * @example A scope that logs and exports
 * ```ts
 * const scope = createScope({ logger: pino(), exporters: [prometheus({ registry }), otel()] })
 * ```
 */
export function createScope(options: ScopeOptions = {}): RootScope {
  checkObject(options, 'the options')
  const { name = '', logger = SILENT, exporters = [], traceTasks = false, detectSelfClose = false } = options
  checkString(name, 'option "name"')
  checkLogger(logger)
  checkExporters(exporters)
  checkBoolean(traceTasks, 'option "traceTasks"')
  checkBoolean(detectSelfClose, 'option "detectSelfClose"')
  const draining = new AbortController()
  const scope: RootScope = {
    id: name,
    name,
    parent: undefined,
    logger,
    exporters: [...exporters],
    draining: draining.signal,
    drain: () => {
      draining.abort(DRAINING)
    },
    flush: (signal) => flushExporters(scope, signal),
  }
  Object.defineProperty(scope, SHARED, {
    value: new Map<symbol, unknown>([
      [CONTEXT, AsyncLocalStorage.snapshot()],
      [TRACE_TASKS, traceTasks],
      [DETECT_SELF_CLOSE, detectSelfClose],
    ]),
  })
  return scope
}

/** One shared reason: without one, Node makes a `DOMException` with a stack for each abort. */
const DRAINING = new Error('The program is draining')

export function checkExporters(exporters: readonly Exporter[]): void {
  if (!Array.isArray(exporters))
    throw new TypeError(`Cannot use option "exporters": expected an array, got ${show(exporters)}`)
  for (const exporter of exporters as readonly Exporter[]) {
    checkObject(exporter, 'an entry of option "exporters"')
    checkOptionalFunction(exporter.observe, 'the method "observe" of an exporter')
    checkOptionalFunction(exporter.activate, 'the method "activate" of an exporter')
    checkOptionalFunction(exporter.flush, 'the method "flush" of an exporter')
  }
}

export function checkScope(scope: unknown, what = 'option "parent"'): void {
  const candidate = scope as Partial<Scope> | null
  if (
    typeof candidate !== 'object' ||
    candidate === null ||
    typeof candidate.id !== 'string' ||
    typeof candidate.logger !== 'object' ||
    candidate.logger === null ||
    !Array.isArray(candidate.exporters)
  ) {
    throw new TypeError(`Cannot use ${what}: expected a scope (of createScope, or an engine), got ${show(scope)}`)
  }
}

/** The full name of a child. */
export function childId(parent: Scope | undefined, name: string): string {
  return parent === undefined || parent.id === '' ? name : `${parent.id}.${name}`
}

/** The start or close in flight of a scope, and its own start. */
export function insideOf(scope: Scope | undefined): ScopeInside | undefined {
  return (scope as { readonly [SCOPE_INSIDE]?: ScopeInside } | undefined)?.[SCOPE_INSIDE]
}

/**
 * What all scopes under one root share, made on first use. It is made in the async context in which the root was: a timer
 * that many share must not run in that of whoever happened to come first.
 */
export function sharedOf<T>(scope: Scope, key: symbol, make: () => T): T {
  const shared = sharedMap(rootOf(scope))
  let value = shared.get(key) as T | undefined
  if (value === undefined) {
    const enclose = shared.get(CONTEXT) as ReturnType<typeof AsyncLocalStorage.snapshot> | undefined
    value = enclose === undefined ? make() : enclose(make)
    shared.set(key, value)
  }
  return value
}

export function tracesTasks(scope: Scope): boolean {
  return sharedMap(rootOf(scope)).get(TRACE_TASKS) === true
}

export function detectsSelfClose(scope: Scope): boolean {
  return sharedMap(rootOf(scope)).get(DETECT_SELF_CLOSE) === true
}

export function rootOf(scope: Scope): Scope {
  let root = scope
  while (root.parent !== undefined) root = root.parent
  return root
}

function sharedMap(root: Scope): Map<symbol, unknown> {
  const holder = root as { [SHARED]?: Map<symbol, unknown> }
  return (holder[SHARED] ??= new Map())
}

const REPORTED = Symbol.for('@svc/reportedExporters@1')

/** Logs that an exporter failed, the first time it does. */
export function reportExporter(scope: Scope, exporter: Exporter, part: string, error: unknown): void {
  const reported = sharedOf(scope, REPORTED, () => new WeakSet<Exporter>())
  if (reported.has(exporter)) return
  reported.add(exporter)
  try {
    scope.logger.error(
      { err: error },
      `An exporter failed in "${part}": this is dropped, and its further failures are not logged`,
    )
  } catch {
    // A logger that throws as well leaves nobody to tell.
  }
}

async function flushExporters(scope: Scope, signal: AbortSignal): Promise<void> {
  checkRequiredSignal(signal, 'the signal')
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const end = (): void => {
    resolve()
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end)
  await Promise.all(scope.exporters.map((exporter) => flushExporter(scope, exporter, signal, ended)))
  signal.removeEventListener('abort', end)
}

async function flushExporter(
  scope: Scope,
  exporter: Exporter,
  signal: AbortSignal,
  ended: Promise<void>,
): Promise<void> {
  let done = false
  const flush = (async () => exporter.flush?.(signal))().then(
    () => {
      done = true
    },
    (error: unknown) => {
      done = true
      reportExporter(scope, exporter, 'flush', error)
    },
  )
  await Promise.race([flush, ended])
  if (!done) reportExporter(scope, exporter, 'flush', new Error('The flush had not ended when its budget did'))
}
