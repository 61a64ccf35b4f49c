export { ChildScope } from './child-scope.ts'
export * from './check.ts'
export { now } from './clock.ts'
export { RingBuffer } from './error-buffer.ts'
export { NamedLogger, namedLogger, SILENT } from './logger.ts'
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
export { GIVE_UP_MS, startTimer } from './timer.ts'
export type { CancelTimer } from './timer.ts'
export { readReadiness, readReporter } from './read-reporter.ts'
export type { VisitEntry } from './health-node.ts'
export { checkReport } from './report.ts'
