export { ConfigurationError, isConfigurationError } from './configuration-error.ts'
export type { RunOptions } from './options.ts'
export { runMain } from './run-main.ts'
export { runService } from './run-service.ts'
