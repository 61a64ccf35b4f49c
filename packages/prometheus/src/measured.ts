import type { Operation } from '@svc/core'
import { CHECK_DURATION, type Live, type Measures } from '@svc/core/internal'
import { Sample, type Spans } from './exemplar.ts'
import { Histogram } from './histogram.ts'
import type { Services } from './services.ts'
import type { Shown } from './shown.ts'

/** Puts durations into histograms: those of health checks here, those of tasks and ticks with their service. */
export class Measured implements Measures<Shown> {
  /** Once there was a check. */
  checks: Histogram | undefined = undefined
  private readonly services: Services
  private readonly spans: Spans | undefined

  constructor(services: Services, spans: Spans | undefined) {
    this.services = services
    this.spans = spans
  }

  tickBegan({ account }: Live<Shown>, { label }: Operation, lateSeconds: number): void {
    account.tickBegan(label, lateSeconds)
  }

  taskEnded(live: Live<Shown>, operation: Operation, seconds: number, endedAt: number): void {
    live.account.taskEnded(operation.label, seconds, this.sample(live, operation, seconds, endedAt))
  }

  checked(_event: object, seconds: number): void {
    this.checks ??= new Histogram(CHECK_DURATION.bounds, {})
    this.checks.observe(seconds)
  }

  resetChecks(): void {
    this.checks &&= new Histogram(CHECK_DURATION.bounds, {})
  }

  private sample(live: Live<Shown>, operation: Operation, seconds: number, endedAt: number): Sample | undefined {
    if (this.spans === undefined || !this.services.isCurrent(operation.scope, live)) return undefined
    return new Sample(this.spans, operation, seconds, endedAt)
  }
}
