export { ChildScope } from './child-scope.ts'
export * from './check.ts'
export { now } from './clock.ts'
export { checkDetails, createDiscretion } from './details.ts'
export type { Details } from './details.ts'
export { RingBuffer } from './error-buffer.ts'
export { errorType } from './error-type.ts'
export { HealthView } from './health-view.ts'
export {
  cut,
  conditionsFirst,
  errorChain,
  errorKind,
  errorParts,
  errorSummary,
  errorText,
  MESSAGE_LIMIT,
  NAME_LIMIT,
  STACK_LIMIT,
  tellError,
  untoldParts,
} from './error-text.ts'
export type { ErrorText } from './error-text.ts'
export { healthStatus, isHealthTransition } from './health-status.ts'
export type { HealthStatus } from './health-status.ts'
export { checkLogger, NamedLogger, namedLogger, SILENT } from './logger.ts'
export {
  CHECK_DURATION,
  combine,
  lastCheckSeconds,
  METRIC_FACTS,
  runtimeName,
  TASK_DURATION,
  TICK_LATENESS,
  uptimeSeconds,
} from './metric-facts.ts'
export type { Aggregator, HistogramFact, MetricFact } from './metric-facts.ts'
export { OnceLog } from './once-log.ts'
export { activate, beginOperation, endOperation, isThenable } from './operation.ts'
export {
  checkExporters,
  checkScope,
  childId,
  detectsSelfClose,
  insideOf,
  rootOf,
  SCOPE_INSIDE,
  sharedOf,
  tracesTasks,
} from './scope.ts'
export type { ScopeInside } from './scope.ts'
export { SERVICE_STATES } from './service.ts'
export { boundedValue, OTHER, ServiceLedger } from './service-ledger.ts'
export type { Account, Entry, Live } from './service-ledger.ts'
export { createServiceRecorder } from './service-recorder.ts'
export type { Measures, ServiceRecorder, Topic } from './service-recorder.ts'
export { GIVE_UP_MS, startTimer } from './timer.ts'
export type { CancelTimer } from './timer.ts'
export { readReadiness, readReporter } from './read-reporter.ts'
export type { VisitEntry } from './health-node.ts'
export { checkReport } from './report.ts'
