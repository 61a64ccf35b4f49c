import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@svc/process'
import { z } from 'zod'

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
  /** Whether spans leave the process; where to is for the exporter to read, which knows the standard `OTEL_*`. */
  readonly exportSpans: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const DAY_MS = 86_400_000
const LONGEST_MS = 7 * DAY_MS
const OTLP_ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
const OTLP_PROTOCOLS = ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']
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
    exportSpans: OTLP_ENDPOINTS.some((name) => data[name as keyof typeof data] !== undefined),
  }
}

function schemaFor({ demo, kubernetes, temporaryFolder }: Circumstances) {
  const databaseFile = temporaryFolder ?? fileURLToPath(new URL('../data', import.meta.url))
  const endpoint = z.url({ protocol: /^https?$/, error: 'expected a URL that begins with http:// or https://' })
  const protocol = z.literal('http/json', { error: 'expected http/json, the one that this program speaks' })
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
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint.optional(),
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint.optional(),
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol.optional(),
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol.optional(),
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

function whole(fallback: number, from: number, to: number) {
  return number(fallback, /^\d+$/, `expected a whole number from ${from} to ${to}`, (it) => it >= from && it <= to)
}

function positive(fallback: number, to: number) {
  return number(fallback, /^\d+(?:\.\d+)?$/, `expected a number above 0, up to ${to}`, (it) => it > 0 && it <= to)
}

function number(fallback: number, form: RegExp, message: string, accepts: (value: number) => boolean) {
  return z
    .string()
    .default(String(fallback))
    .refine((value) => form.test(value) && accepts(Number(value)), message)
    .transform(Number)
}

function text(fallback: string, what: string) {
  return z.string().trim().min(1, `expected ${what}`).default(fallback)
}

/** The rules of OpenTelemetry: an empty variable is one that is not set. */
function withoutEmptyOtel(environment: Environment): Environment {
  const names = new Set([...OTLP_ENDPOINTS, ...OTLP_PROTOCOLS])
  return Object.fromEntries(Object.entries(environment).filter(([name, value]) => !(names.has(name) && value === '')))
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
