import type { Operation, SpanReference, SpanSource } from '@svc/core'
import type { OnceLog } from '@svc/core/internal'
import type { LabelValues } from './series.ts'

/** One observation that stands for its bucket, as clients have it in their values. */
export interface Exemplar {
  readonly labelSet: LabelValues
  readonly value: number
  /** In seconds since the epoch. */
  readonly timestamp: number
}

/** What OpenMetrics allows for the names and values of all labels together. */
const MAX_CHARACTERS = 128

/** Looks up the spans of operations that have ended. */
export class Spans {
  private readonly source: SpanSource
  private readonly log: OnceLog

  constructor(source: SpanSource, log: OnceLog) {
    this.source = source
    this.log = log
  }

  /** The labels that name the span of an operation, as OpenTelemetry has them; `undefined` where it was not recorded. */
  labelsOf(operation: Operation): LabelValues | undefined {
    const span = this.lookUp(operation)
    if (span?.isRecorded !== true) return undefined
    const { traceId, spanId } = span
    if (typeof traceId !== 'string' || typeof spanId !== 'string' || traceId === '') return undefined
    const characters = 'trace_id'.length + traceId.length + 'span_id'.length + spanId.length
    return characters > MAX_CHARACTERS ? undefined : { trace_id: traceId, span_id: spanId }
  }

  private lookUp(operation: Operation): SpanReference | undefined {
    try {
      return this.source.spanOf(operation)
    } catch (error) {
      this.log.once('error', { err: error }, 'Cannot look up a span: its exemplar is left out of the scrape')
      return undefined
    }
  }
}

/** An observation whose span has not been looked up yet: whoever makes the span may be told of the end after us. */
export class Sample {
  readonly operation: Operation
  private readonly spans: Spans
  private readonly value: number
  private readonly endedAt: number

  constructor(spans: Spans, operation: Operation, value: number, endedAt: number) {
    this.spans = spans
    this.operation = operation
    this.value = value
    this.endedAt = endedAt
  }

  exemplar(): Exemplar | undefined {
    const labelSet = this.spans.labelsOf(this.operation)
    return labelSet && { labelSet, value: this.value, timestamp: Math.round(this.endedAt) / 1000 }
  }
}

/** Of one bucket the latest observation with a recorded span. It holds one operation at most, and none once it was read. */
export class ExemplarSlot {
  private latest: Sample | undefined = undefined
  private shown: Exemplar | undefined = undefined

  put(sample: Sample): void {
    // Most may not be recorded: the one before must be asked now, or a sampled span would be lost to the next that is not.
    this.read()
    this.latest = sample
  }

  read(): Exemplar | undefined {
    if (this.latest !== undefined) {
      this.shown = this.latest.exemplar() ?? this.shown
      this.latest = undefined
    }
    return this.shown
  }

  /** Lets go of the operation of a service that goes. */
  release(id: string): void {
    if (this.latest?.operation.scope.id === id) this.read()
  }
}
