export type { MetricsSource } from './metrics.ts'
export type { ProbesOptions } from './options.ts'
export { createProbes } from './probes.ts'
export type { Probes } from './probes.ts'
