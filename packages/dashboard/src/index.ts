export { createDashboard } from './dashboard.ts'
export type { Dashboard, DashboardOptions, FetchHandler } from './dashboard.ts'
