import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@svc/process'
import { z } from 'zod'
import { positive, text, whole } from './fields.ts'
import { telemetryFields, telemetrySettings, type TelemetrySettings, withoutEmptyOtel } from './telemetry-settings.ts'

/** All that can be set, after the checks and the defaults. Durations are milliseconds. */
export interface Settings {
  readonly demo: boolean
  readonly host: string
  readonly port: number
  readonly adminHost: string
  readonly adminPort: number
  readonly databaseFile: string
  /** A folder made for this run alone, which goes with it. */
  readonly temporaryFolder: string | undefined
  readonly apiToken: string | undefined
  readonly graceMs: number
  readonly drainDelayMs: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
  readonly deliveryTimeoutMs: number
  readonly subscriptionConcurrency: number
  readonly maxBodyBytes: number
  readonly maxPending: number
  readonly retentionMs: number
  readonly allowPrivateTargets: boolean
  readonly logLevel: (typeof LOG_LEVELS)[number]
  /** When the demo's flaky endpoint fails. */
  readonly demoFlaky: (typeof FLAKY)[number]
  /** The commit that the program was built from, where that is known. */
  readonly commit: string | undefined
  readonly telemetry: TelemetrySettings
}

type Environment = Readonly<Record<string, string | undefined>>

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const FLAKY = ['sometimes', 'down', 'up'] as const
const DAY_MS = 86_400_000
const LONGEST_MS = 7 * DAY_MS
/** What is never shown, not even when it is wrong. */
const SECRETS: ReadonlySet<PropertyKey> = new Set(['API_TOKEN'])

/**
 * Reads the settings from the environment.
 *
 * @throws ConfigurationError with one line for each setting that is wrong: its name, its value, what would be right
 */
export function readSettings(environment: Environment, options: { readonly demo: boolean }): Settings {
  const { demo } = options
  const temporaryFolder =
    demo && environment['DATABASE_FILE'] === undefined ? join(tmpdir(), `relay-demo-${randomUUID()}`) : undefined
  const schema = schemaFor({ demo, kubernetes: environment['KUBERNETES_SERVICE_HOST'] !== undefined, temporaryFolder })
  const { success, data, error } = schema.safeParse(withoutEmptyOtel(environment))
  if (!success) throw new ConfigurationError(problemsOf(error, environment))
  return {
    demo,
    host: data.HOST,
    port: data.PORT,
    adminHost: data.ADMIN_HOST,
    adminPort: data.ADMIN_PORT,
    databaseFile: data.DATABASE_FILE,
    temporaryFolder,
    apiToken: data.API_TOKEN,
    graceMs: data.GRACE_MS,
    drainDelayMs: data.DRAIN_DELAY_MS,
    maxAttempts: data.MAX_ATTEMPTS,
    retryBaseMs: data.RETRY_BASE_MS,
    retryMaxMs: data.RETRY_MAX_MS,
    deliveryTimeoutMs: data.DELIVERY_TIMEOUT_MS,
    subscriptionConcurrency: data.SUBSCRIPTION_CONCURRENCY,
    maxBodyBytes: data.MAX_BODY_BYTES,
    maxPending: data.MAX_PENDING,
    retentionMs: data.RETENTION_DAYS * DAY_MS,
    allowPrivateTargets: data.ALLOW_PRIVATE_TARGETS,
    logLevel: data.LOG_LEVEL,
    demoFlaky: data.DEMO_FLAKY ?? 'sometimes',
    commit: data.COMMIT,
    telemetry: telemetrySettings(data, environment),
  }
}

function schemaFor({ demo, kubernetes, temporaryFolder }: Circumstances) {
  const databaseFile = temporaryFolder ?? fileURLToPath(new URL('../data', import.meta.url))
  return z
    .object({
      HOST: text('127.0.0.1', 'an address or a host name'),
      PORT: whole(8080, 0, 65_535),
      ADMIN_HOST: text('127.0.0.1', 'an address or a host name'),
      ADMIN_PORT: whole(8081, 0, 65_535),
      DATABASE_FILE: text(join(databaseFile, 'relay.db'), 'a path'),
      API_TOKEN: z
        .string()
        .regex(/^[\x21-\x7e]+$/, 'expected printable characters without spaces')
        .optional(),
      GRACE_MS: whole(25_000, 0, LONGEST_MS),
      DRAIN_DELAY_MS: whole(kubernetes ? 5_000 : 0, 0, LONGEST_MS),
      MAX_ATTEMPTS: whole(8, 1, 1_000),
      RETRY_BASE_MS: whole(1_000, 1, LONGEST_MS),
      RETRY_MAX_MS: whole(3_600_000, 1, LONGEST_MS),
      DELIVERY_TIMEOUT_MS: whole(10_000, 1, 3_600_000),
      SUBSCRIPTION_CONCURRENCY: whole(8, 1, 1_000),
      MAX_BODY_BYTES: whole(1_048_576, 1, 1_073_741_824),
      MAX_PENDING: whole(100_000, 1, 1_000_000_000),
      RETENTION_DAYS: positive(7, 36_500),
      ALLOW_PRIVATE_TARGETS: z
        .enum(['true', 'false'], { error: 'expected true or false' })
        .default(demo ? 'true' : 'false')
        .transform((value) => value === 'true'),
      LOG_LEVEL: z.enum(LOG_LEVELS, { error: `expected ${LOG_LEVELS.join(', ')}` }).default('info'),
      DEMO_FLAKY: z.enum(FLAKY, { error: `expected ${FLAKY.join(', ')}` }).optional(),
      COMMIT: z.string().trim().min(1, 'expected a commit').optional(),
      ...telemetryFields(),
    })
    .check(({ value, issues }) => {
      const areRight = (...names: string[]): boolean => !issues.some(({ path }) => names.includes(String(path?.[0])))
      const refuse = (name: keyof typeof value, message: string): void => {
        issues.push({ code: 'custom', path: [name], message, input: value[name] })
      }
      if (
        areRight('DRAIN_DELAY_MS', 'GRACE_MS') &&
        value.DRAIN_DELAY_MS > 0 &&
        value.DRAIN_DELAY_MS >= value.GRACE_MS
      ) {
        refuse('DRAIN_DELAY_MS', `expected less than GRACE_MS, ${value.GRACE_MS}, which it is a part of`)
      }
      if (areRight('RETRY_BASE_MS', 'RETRY_MAX_MS') && value.RETRY_BASE_MS > value.RETRY_MAX_MS) {
        refuse('RETRY_BASE_MS', `expected at most RETRY_MAX_MS, ${value.RETRY_MAX_MS}`)
      }
      if (
        areRight('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'OTEL_BSP_MAX_QUEUE_SIZE') &&
        (value.OTEL_BSP_MAX_EXPORT_BATCH_SIZE ?? 0) > value.OTEL_BSP_MAX_QUEUE_SIZE
      ) {
        refuse(
          'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
          `expected at most OTEL_BSP_MAX_QUEUE_SIZE, ${value.OTEL_BSP_MAX_QUEUE_SIZE}`,
        )
      }
      if (!demo && areRight('DEMO_FLAKY') && value.DEMO_FLAKY !== undefined) {
        refuse('DEMO_FLAKY', 'expected nothing without --demo, whose endpoint it is for')
      }
      if (areRight('API_TOKEN', 'HOST') && value.API_TOKEN === undefined && !isLoopback(value.HOST)) {
        refuse('API_TOKEN', `expected a token, since HOST, ${JSON.stringify(value.HOST)}, is not loopback`)
      }
    })
}

interface Circumstances {
  readonly demo: boolean
  readonly kubernetes: boolean
  readonly temporaryFolder: string | undefined
}

function problemsOf(error: z.ZodError, environment: Environment): readonly string[] {
  const problems = new Map<PropertyKey, string>()
  for (const { path, message } of error.issues) {
    const [name = ''] = path
    const value = environment[String(name)]
    const shown = value === undefined ? 'not set' : SECRETS.has(name) ? 'not shown' : JSON.stringify(value)
    if (!problems.has(name)) problems.set(name, `${String(name)} (${shown}): ${message}`)
  }
  return [...problems.values()]
}

/** Whether only this machine can reach a listener on a host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
