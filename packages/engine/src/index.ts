export { createService, createServiceEngine } from './create-service.ts'
export type { EngineService } from './create-service.ts'
export type { Engine, TaskOptions } from './engine.ts'
export type { ServiceConfig } from './service-config.ts'
