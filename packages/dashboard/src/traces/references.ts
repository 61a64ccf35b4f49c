import type { SpanSource } from '@svc/core'
import type { Span } from './model.ts'

/** Looks up what OpenTelemetry calls the spans that are shown. */
export interface References {
  /** Is told that a span has begun, or that it has ended: what it stands for is let go as soon as it may be. */
  watch(span: Span): void
  /** Looks up what is known of a span now. */
  resolve(span: Span): void
}

/**
 * Makes the look-up. An exporter that comes later in the list makes its spans after this one is told, at the latest in a
 * microtask that it asked for in the same turn; so it is asked when those are done, or when a page is drawn.
 */
export function createReferences(source: SpanSource | undefined): References {
  let waiting: Span[] = []

  function resolve(span: Span): void {
    if (span.reference !== undefined || span.subject === undefined || source === undefined) return
    try {
      const reference = source.spanOf(span.subject)
      if (reference?.isRecorded === true) span.reference = reference
    } catch {
      // A source that fails is no reason to show no page.
    }
  }

  function settle(): void {
    const spans = waiting
    waiting = []
    for (const span of spans) {
      resolve(span)
      // What never ends must not keep a service that is gone.
      if (span.reference !== undefined || span.endedAt !== undefined) span.subject = undefined
    }
  }

  return {
    watch: (span) => {
      if (source === undefined) span.subject = undefined
      if (span.subject === undefined) return
      if (waiting.length === 0) queueMicrotask(() => queueMicrotask(settle))
      waiting.push(span)
    },
    resolve,
  }
}
