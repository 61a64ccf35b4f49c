export { prometheus } from './prometheus.ts'
export type { MetricRegistry, PrometheusOptions } from './prometheus.ts'
