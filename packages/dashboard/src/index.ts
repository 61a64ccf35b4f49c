export { createDashboard } from './dashboard.ts'
export type { Dashboard, FetchHandler } from './dashboard.ts'
export type { DashboardOptions } from './options.ts'
