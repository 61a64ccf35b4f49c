import type { Operation, ServiceEvent, SpanReference } from '@svc/core'
import type { ErrorText, HealthStatus } from '@svc/core/internal'
import type { Causes } from '../causes.ts'

export type SpanKind = Operation['kind'] | 'health check' | 'health' | 'flush'

/** Which traces are alike, in the order in which a page offers them. */
export const TRACE_KINDS = ['start', 'close', 'drain', 'health', 'flush', 'task', 'tick'] as const
export type TraceKind = (typeof TRACE_KINDS)[number]

/** What went wrong in a span, as text: no error outlives what it was told in. */
export interface Failure {
  /** The messages of the error and its causes. */
  readonly summary: string
  /** What the summary does not say of what is behind the error, where it is told. */
  readonly because: Causes
  /** A code or a class. */
  readonly type: string
  /** Whether spans below have told all of it. */
  readonly isTold: boolean
  /** What they have not, as far as there is room. */
  readonly exceptions: readonly ErrorText[]
  /** How many parts the error had. */
  readonly count: number
}

/** What only spans of some kinds have. */
export interface Facts {
  /** Sub-services that a start has started. */
  subServices?: number | undefined
  /** For how many milliseconds the service had been up. */
  uptimeMs?: number | undefined
  closeReason?: string | undefined
  /** The tasks that a wait began to wait for, by label, and how many they were. */
  pendingLabels?: readonly string[] | undefined
  pending?: number | undefined
  /** The number of a tick, counted by its label. */
  tick?: number | undefined
  status?: HealthStatus | undefined
  previousStatus?: HealthStatus | undefined
  conditions?: readonly string[] | undefined
  checked?: number | undefined
  unhealthy?: number | undefined
  errorCount?: number | undefined
  dropped?: number | undefined
}

/** One bar of a waterfall. Times are milliseconds since the epoch, with fractions. */
export interface Span {
  /** In its trace, from 0; it stays when others are left out. */
  readonly number: number
  readonly trace: Trace
  readonly kind: SpanKind
  /** The short name of the service; of a task that of the task. */
  readonly name: string
  /** The full name of the service. */
  readonly service: string
  /** The number of the service's scope; 0 where only its name is known. */
  readonly owner: number
  readonly task: string
  readonly parent: Span | undefined
  readonly startedAt: number
  endedAt: number | undefined
  state: string | undefined
  failure: Failure | undefined
  facts: Facts | undefined
  /** How many spans below were left out, and how long they took together. */
  leftOut: number
  leftOutMs: number
  /** What it stands for, until its reference is known or cannot come any more. */
  subject: Operation | ServiceEvent | undefined
  reference: SpanReference | undefined
}

/** Spans that belong together, the first of them the root. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly kind: TraceKind
  /** Whether it is of an outermost service. */
  readonly isOutermost: boolean
  /** Of a start: whether the service has closed since. */
  isOver: boolean
  /** In the order in which they began; parents come before their children. */
  spans: Span[]
  /** The number of the next span. */
  next: number
  /** How many have not ended. */
  open: number
  failed: number
  /** How many characters of messages and stacks it keeps. */
  text: number
  /** How many spans are looked through for what to leave out when there are as many. */
  trimAt: number
}

export function rootOf({ spans }: Trace): Span {
  return spans[0] as Span
}

export function isOpen({ endedAt }: Span): boolean {
  return endedAt === undefined
}

/** How long a span took, or has taken so far. */
export function durationOf({ startedAt, endedAt }: Span, now: number): number {
  // Clocks are not monotonic across a change of the system's time.
  return Math.max(0, (endedAt ?? now) - startedAt)
}

/** The last moment of a trace: an end, or now where something has not ended. */
export function endOf({ spans, open }: Trace, now: number): number {
  let end = open > 0 ? now : 0
  for (const { startedAt, endedAt } of spans) end = Math.max(end, endedAt ?? startedAt)
  return end
}

/** What a span is called, in a waterfall and in Jaeger: `start Database`. */
export function titleOf({ kind, name }: Span): string {
  if (kind === 'health check' || name === '' || name === kind) return kind
  return `${kind} ${name}`
}
