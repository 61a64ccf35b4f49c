import { createScope } from '@svc/core'
import { createDashboard } from '@svc/dashboard'
import { createService, type Engine } from '@svc/engine'
import { createHealthChecker } from '@svc/health'
import { createHttpService } from '@svc/http'
import { createProbes } from '@svc/probes'
import { runService } from '@svc/process'
import { prometheus } from '@svc/prometheus'
import { Registry } from 'prom-client'
import { ConnectionPool } from './connection-pool.ts'

const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379', ADMIN_PORT = '8081' } = process.env
const pool = new ConnectionPool(REDIS_HOST, Number(REDIS_PORT))

// From here
const registry = new Registry()
const dashboard = createDashboard()
const scope = createScope({ logger: console, exporters: [prometheus({ registry }), dashboard] })
const start = (engine: Engine) => pool.open().then(() => engine.goTick({ periodMs: 1_000 }, () => pool.ping()))
const service = createService({ name: 'Pool', parent: scope, start, close: () => pool.close() })
const checker = createHealthChecker({ parent: scope })
checker.register(service)
const probes = createProbes({ source: checker, draining: scope.draining, metrics: registry })
const admin = createHttpService({ name: 'Admin', parent: scope, port: +ADMIN_PORT, handler: dashboard.handler(probes) })
await runService(service, { scope, around: [checker, admin] })
// to here
