export { openMetrics } from './open-metrics.ts'
export type { OpenMetrics, ReadableRegistry } from './open-metrics.ts'
export { prometheus } from './prometheus.ts'
export type { MetricRegistry, PrometheusOptions } from './prometheus.ts'
