import type { HealthSource } from './health-node.ts'
import type { Scope } from './scope.ts'
import type { Awaitable, ServiceState } from './service.ts'

/** Something that has a beginning and an end. Times are milliseconds since the epoch, with fractions. */
export interface Operation {
  readonly kind: 'start' | 'close' | 'wait' | 'drain' | 'task' | 'tick'
  readonly scope: Scope
  readonly label: string
  /** The start or close in flight that this one is part of. */
  readonly parent: Operation | undefined
  /** The scope's own start. */
  readonly origin: Operation | undefined
  readonly startedAt: number
  /** How many milliseconds after it was due a tick began; `undefined` for all else, and where its ticker does not tell. */
  readonly lateMs?: number | undefined
}

/** One name whose health changed; `undefined` stands for absent, before it came or after it went. */
export interface HealthChange {
  readonly name: string
  readonly previous: Error | null | undefined
  readonly current: Error | null | undefined
}

/** All that an exporter is told. */
export type ServiceEvent =
  | { readonly type: 'begin'; readonly operation: Operation }
  | { readonly type: 'end'; readonly operation: Operation; readonly error: Error | null; readonly endedAt: number }
  | {
      readonly type: 'state'
      readonly scope: Scope
      readonly previous: ServiceState
      readonly state: ServiceState
      readonly at: number
    }
  | { readonly type: 'error'; readonly scope: Scope; readonly error: Error; readonly dropped: number }
  | {
      readonly type: 'flush'
      readonly scope: Scope
      readonly errors: readonly Error[]
      readonly dropped: number
      readonly at: number
    }
  | {
      readonly type: 'condition'
      readonly scope: Scope
      readonly key: string
      readonly error: Error | null
      readonly active: number
    }
  | {
      readonly type: 'health'
      /** Of the checker. */
      readonly scope: Scope
      readonly source: HealthSource
      readonly changes: readonly HealthChange[]
      readonly startedAt: number
      readonly endedAt: number
    }
  | { readonly type: 'removed'; readonly scope: Scope }

/** The one seam for metrics, traces and the like. One that throws never reaches a service: it is reported once, through the logger. */
export interface Exporter {
  /** Is told a fact, after it or around it. */
  observe?(event: ServiceEvent): void
  /**
   * Runs `fn` once, synchronously, with the operation current, as a context manager does. The caller keeps `fn`'s result
   * itself and runs `fn` where an exporter failed to: an exporter never decides whether, or how often, work runs.
   */
  activate?<T>(operation: Operation, fn: () => T): T
  /** Sends what is left, as the last step of a shutdown; the signal is the end of its budget. */
  flush?(signal: AbortSignal): Promise<void>
}

/** A function whose run an operation spans. */
export type OperationFunction<T> = () => Awaitable<T>

/** Names a span, in the hexadecimal digits of W3C Trace Context. */
export interface SpanReference {
  readonly traceId: string
  readonly spanId: string
  /** Whether it is recorded, so that it can be looked up somewhere. */
  readonly isRecorded: boolean
}

/**
 * Knows the spans that what an exporter is told of was given, so that exemplars and pages can name them: what makes the
 * spans is one. It may be asked at any time; a span may come into being no earlier than what it stands for ends.
 */
export interface SpanSource {
  /** The span of an operation, or of a poll or a flush; `undefined` where there is none. */
  spanOf(subject: Operation | ServiceEvent): SpanReference | undefined
}
