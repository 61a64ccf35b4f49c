import type { Awaitable, Scope, Service } from '@svc/core'
import {
  checkDuration,
  checkName,
  checkObject,
  checkOneOf,
  checkOptionalFunction,
  checkScope,
} from '@svc/core/internal'
import type { Engine } from './engine.ts'

/** What {@link createService} makes a service of. */
export interface ServiceConfig {
  /** The last part of the full name. */
  readonly name: string
  /** Whose name, logger and exporters it inherits. */
  readonly parent?: Scope | undefined
  /** Makes the sub-services, once, in `createService`. They start before `start`, in order, and close after `close`. */
  readonly subServices?: ((engine: Engine) => readonly Service[]) | undefined
  /** Runs after the sub-services have started. Must return promptly once the signal aborts; the signal is for starting up only. */
  readonly start?: ((engine: Engine, signal: AbortSignal) => Awaitable<void>) | undefined
  /** Runs after all tasks have ended and before sub-services close. The signal is the end of the budget. */
  readonly close?: ((engine: Engine, signal: AbortSignal) => Awaitable<void>) | undefined
  /** `'concurrent'`, the default, as in Go; `'reverse'` closes one after the other, the last started first. */
  readonly closeOrder?: 'concurrent' | 'reverse' | undefined
  /** The longest that a start may take; none by default. It only shortens the caller's deadline. */
  readonly startTimeoutMs?: number | undefined
  /** The longest that a close, or the unwinding of a failed start, may take; none by default. It only shortens the caller's deadline. */
  readonly closeTimeoutMs?: number | undefined
}

export function checkConfig(config: ServiceConfig): void {
  checkObject(config, 'the config')
  const { name, parent, subServices, start, close, closeOrder, startTimeoutMs, closeTimeoutMs } = config
  checkName(name, 'option "name"')
  if (parent !== undefined) checkScope(parent)
  checkOptionalFunction(subServices, 'option "subServices"')
  checkOptionalFunction(start, 'option "start"')
  checkOptionalFunction(close, 'option "close"')
  if (closeOrder !== undefined) checkOneOf(closeOrder, ['concurrent', 'reverse'], 'option "closeOrder"')
  if (startTimeoutMs !== undefined) checkDuration(startTimeoutMs, 'option "startTimeoutMs"')
  if (closeTimeoutMs !== undefined) checkDuration(closeTimeoutMs, 'option "closeTimeoutMs"')
}
