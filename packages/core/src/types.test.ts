import { describe, expectTypeOf, it } from 'vitest'
import {
  type Awaitable,
  attachNode,
  type Closable,
  containsError,
  createErrorBuffer,
  createScope,
  emit,
  type ErrorBuffer,
  errorTree,
  type Exporter,
  type HealthNode,
  type HealthReport,
  type HealthReporter,
  type HealthSnapshot,
  type HealthSource,
  isCancellation,
  isServiceError,
  joinErrors,
  type Log,
  type Logger,
  mergeReports,
  nodeOf,
  type Operation,
  type PendingWork,
  reportToJSON,
  type RootScope,
  runOperation,
  type Scope,
  type Service,
  ServiceError,
  type ServiceErrorCode,
  type ServiceEvent,
  type ServiceState,
  sleep,
  type StartClose,
  toError,
} from './index.ts'

describe('the types', () => {
  it('are those of the design', () => {
    expectTypeOf<Awaitable<number>>().toEqualTypeOf<number | PromiseLike<number>>()
    expectTypeOf<ServiceState>().toEqualTypeOf<
      'Unstarted' | 'Started' | 'Starting' | 'StartFailed' | 'Stopping' | 'Stopped' | 'StopFailed'
    >()
    expectTypeOf<ServiceErrorCode>().toEqualTypeOf<
      | 'ALREADY_STARTED'
      | 'ALREADY_STOPPED'
      | 'CANNOT_STOP_UNSTARTED'
      | 'CANNOT_STOP'
      | 'NOT_STARTED'
      | 'START_FAILED'
      | 'TIMEOUT'
      | 'DUPLICATE_NAME'
      | 'DEADLOCK'
    >()
    expectTypeOf<Operation['kind']>().toEqualTypeOf<'start' | 'close' | 'wait' | 'drain' | 'task' | 'tick'>()
    expectTypeOf<ServiceEvent['type']>().toEqualTypeOf<
      'begin' | 'end' | 'state' | 'error' | 'flush' | 'condition' | 'health' | 'removed'
    >()
    expectTypeOf<HealthReport>().toEqualTypeOf<ReadonlyMap<string, Error | null>>()
    expectTypeOf<Log>().toEqualTypeOf<(fields: object, message: string) => void>()
  })

  it('of errors', () => {
    expectTypeOf<ServiceError>().toExtend<Error>()
    expectTypeOf<ServiceError['pending']>().toEqualTypeOf<readonly PendingWork[]>()
    expectTypeOf<ServiceError['state']>().toEqualTypeOf<ServiceState | undefined>()
    expectTypeOf(toError).toEqualTypeOf<(thrown: unknown) => Error>()
    expectTypeOf(joinErrors).toEqualTypeOf<(errors: Iterable<Error | null>) => Error | null>()
    expectTypeOf(errorTree).returns.toEqualTypeOf<Generator>()
    expectTypeOf(isCancellation).toEqualTypeOf<(error: unknown, signal: AbortSignal) => boolean>()
    expectTypeOf(createErrorBuffer).returns.toEqualTypeOf<ErrorBuffer>()
    expectTypeOf<ErrorBuffer['flush']>().returns.toEqualTypeOf<{ error: Error | null; dropped: number }>()
    const value: unknown = new ServiceError('x', { code: 'TIMEOUT', service: '' })
    if (isServiceError(value)) expectTypeOf(value.code).toEqualTypeOf<ServiceErrorCode>()
    if (isServiceError(value, 'TIMEOUT')) expectTypeOf(value.code).toEqualTypeOf<'TIMEOUT'>()
  })

  it('of services and their health', () => {
    expectTypeOf<Service>().toExtend<HealthReporter & StartClose & Closable>()
    expectTypeOf<Service['start']>().toEqualTypeOf<(signal?: AbortSignal) => Promise<void>>()
    expectTypeOf<StartClose['start']>().toEqualTypeOf<(signal?: AbortSignal) => Awaitable<void>>()
    expectTypeOf(mergeReports).parameter(0).toEqualTypeOf<Iterable<HealthReport>>()
    expectTypeOf(mergeReports).returns.toEqualTypeOf<HealthReport>()
    expectTypeOf(containsError).parameter(0).toEqualTypeOf<HealthReport | null | undefined>()
    expectTypeOf(reportToJSON).toEqualTypeOf<(report: HealthReport) => Record<string, string | null>>()
    expectTypeOf<HealthSource['snapshot']>().toEqualTypeOf<() => HealthSnapshot>()
    expectTypeOf(nodeOf).toEqualTypeOf<(reporter: HealthReporter) => HealthNode | undefined>()
    const own = { name: () => 'a', readiness: () => null, healthReport: () => new Map<string, null>(), extra: 1 }
    expectTypeOf(attachNode<typeof own>).returns.toEqualTypeOf<typeof own>()
  })

  it('of scopes and exporters', () => {
    expectTypeOf<RootScope>().toExtend<Scope>()
    expectTypeOf(createScope).returns.toEqualTypeOf<RootScope>()
    expectTypeOf(emit).toEqualTypeOf<(scope: Scope, event: ServiceEvent) => void>()
    expectTypeOf(runOperation<number>).returns.toEqualTypeOf<Promise<number>>()
    expectTypeOf(sleep).returns.toEqualTypeOf<Promise<boolean>>()
    expectTypeOf<{}>().toExtend<Exporter>()
    expectTypeOf<Console>().toExtend<Logger>()
  })

  it('take options that are forwarded and not there', () => {
    expectTypeOf(createScope).toBeCallableWith({ name: undefined, logger: undefined, exporters: undefined })
    expectTypeOf(createErrorBuffer).toBeCallableWith({ cap: undefined })
    expectTypeOf(sleep).toBeCallableWith(1, { signal: undefined })
    expectTypeOf(mergeReports).toBeCallableWith([], { duplicates: undefined })
  })

  it('have read-only data', () => {
    expectTypeOf<Operation>().toEqualTypeOf<Readonly<Operation>>()
    expectTypeOf<PendingWork>().toEqualTypeOf<Readonly<PendingWork>>()
    expectTypeOf<HealthSnapshot>().toEqualTypeOf<Readonly<HealthSnapshot>>()
    expectTypeOf<Scope>().toEqualTypeOf<Readonly<Scope>>()
    expectTypeOf<ServiceEvent>().toEqualTypeOf<Readonly<ServiceEvent>>()
  })

  it('refuse what is wrong', () => {
    // @ts-expect-error no such code
    expectTypeOf(isServiceError).toBeCallableWith(null, 'NOPE')
    // @ts-expect-error a plain object is no report
    expectTypeOf(reportToJSON).toBeCallableWith({ a: null })
    // @ts-expect-error `null` is no signal
    expectTypeOf(sleep).toBeCallableWith(1, { signal: null })
    // @ts-expect-error an exporter has methods
    expectTypeOf(createScope).toBeCallableWith({ exporters: [{ observe: true }] })
  })
})
