export { createHealthChecker } from './health-checker.ts'
export type { HealthChecker, HealthCheckerOptions } from './health-checker.ts'
