import type { ServiceEvent, SpanSource } from '@svc/core'
import { createHealthTraces } from './health-traces.ts'
import type { Trace } from './model.ts'
import { createOperationTraces, type Recorded } from './operation-traces.ts'
import { createReferences } from './references.ts'
import { createServices } from './services.ts'
import { createShelf } from './shelf.ts'

export interface RecorderOptions {
  readonly maxTraces: number
  readonly ticks: Recorded
  readonly tasks: Recorded
  readonly spans: SpanSource | undefined
}

/** Makes traces of what an exporter is told, and keeps the last of them. */
export interface Recorder {
  observe(event: ServiceEvent): void
  /** Newest first; what OpenTelemetry calls their spans is looked up first. */
  traces(): readonly Trace[]
  /** How many are not kept any more. */
  readonly dropped: number
}

export function createRecorder({ maxTraces, ticks, tasks, spans }: RecorderOptions): Recorder {
  const services = createServices()
  const shelf = createShelf(maxTraces)
  const references = createReferences(spans)
  const operations = createOperationTraces({ services, shelf, references, ticks, tasks, mostOpen: maxTraces })
  const health = createHealthTraces({ services, shelf, references })

  function observe(event: ServiceEvent): void {
    switch (event.type) {
      case 'begin':
        return operations.begin(event.operation)
      case 'end':
        return operations.end(event.operation, event.error, event.endedAt)
      case 'state':
        services.of(event.scope).state = event.state
        return
      case 'condition':
        return services.setCondition(event.scope, event.key, event.error !== null)
      case 'flush':
        return health.flushed(event)
      case 'health':
        return health.polled(event)
      case 'removed':
        return services.forget(event.scope)
      case 'error':
    }
  }

  function traces(): readonly Trace[] {
    const kept = shelf.all()
    for (const { spans } of kept) for (const span of spans) references.resolve(span)
    return kept
  }

  return {
    observe,
    traces,
    get dropped() {
      return shelf.dropped
    },
  }
}
