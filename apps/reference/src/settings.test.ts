import { describe, expect, it } from 'vitest'
import { isLoopback, readSettings, type Settings } from './settings.ts'

const read = (environment: Record<string, string>, demo = false): Settings => readSettings(environment, { demo })

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    read(environment)
  } catch (error) {
    return (error as { problems: readonly string[] }).problems
  }
  return []
}

describe('readSettings()', () => {
  it('has a default for everything', () => {
    expect(read({})).toEqual({
      demo: false,
      host: '127.0.0.1',
      port: 8080,
      adminHost: '127.0.0.1',
      adminPort: 8081,
      databaseFile: expect.stringMatching(/\/apps\/reference\/data\/relay\.db$/),
      temporaryFolder: undefined,
      apiToken: undefined,
      graceMs: 25_000,
      drainDelayMs: 0,
      maxAttempts: 8,
      retryBaseMs: 1_000,
      retryMaxMs: 3_600_000,
      deliveryTimeoutMs: 10_000,
      subscriptionConcurrency: 8,
      maxBodyBytes: 1_048_576,
      maxPending: 100_000,
      retentionMs: 604_800_000,
      allowPrivateTargets: false,
      logLevel: 'info',
      demoFlaky: 'sometimes',
      commit: undefined,
      telemetry: {
        exportSpans: false,
        sampler: 'parentbased_always_on',
        samplerRatio: 1,
        exceptions: 'span',
        ticks: 'errors',
        tasks: 'errors',
        exportTimeoutMs: 2_000,
        scheduleDelayMs: 5_000,
        maxQueueSize: 16_384,
        maxBatchSize: 512,
        traceparent: undefined,
      },
    })
  })

  it('has other ones for the demo and in Kubernetes', () => {
    const { databaseFile, temporaryFolder, allowPrivateTargets } = read({}, true)
    expect(databaseFile).toBe(`${temporaryFolder}/relay.db`)
    expect(allowPrivateTargets).toBe(true)
    expect(read({ DATABASE_FILE: '/a/b.db' }, true)).toMatchObject({
      databaseFile: '/a/b.db',
      temporaryFolder: undefined,
    })
    expect(read({ ALLOW_PRIVATE_TARGETS: 'false' }, true).allowPrivateTargets).toBe(false)
    expect(read({ DEMO_FLAKY: 'down' }, true).demoFlaky).toBe('down')
    expect(read({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }).drainDelayMs).toBe(5_000)
    expect(read({ KUBERNETES_SERVICE_HOST: '10.0.0.1', DRAIN_DELAY_MS: '0' }).drainDelayMs).toBe(0)
  })

  it.each([
    ['PORT', ['', 'eighty', '-1', '65536', '80.5', '0x50', ' 80', '1e3'], 'a whole number from 0 to 65535'],
    ['ADMIN_PORT', ['80a'], 'a whole number from 0 to 65535'],
    ['HOST', ['', ' '], 'an address or a host name'],
    ['ADMIN_HOST', [''], 'an address or a host name'],
    ['DATABASE_FILE', [''], 'a path'],
    ['GRACE_MS', ['NaN', 'Infinity'], 'a whole number from 0 to 604800000'],
    ['DRAIN_DELAY_MS', ['5s'], 'a whole number from 0 to 604800000'],
    ['MAX_ATTEMPTS', ['0'], 'a whole number from 1 to 1000'],
    ['RETRY_BASE_MS', ['0'], 'a whole number from 1 to 604800000'],
    ['RETRY_MAX_MS', ['-5'], 'a whole number from 1 to 604800000'],
    ['DELIVERY_TIMEOUT_MS', ['0'], 'a whole number from 1 to 3600000'],
    ['SUBSCRIPTION_CONCURRENCY', ['0'], 'a whole number from 1 to 1000'],
    ['MAX_BODY_BYTES', ['1MB'], 'a whole number from 1 to 1073741824'],
    ['MAX_PENDING', ['0'], 'a whole number from 1 to 1000000000'],
    ['RETENTION_DAYS', ['0', '0.0', '-1', '36501', '.5'], 'a number above 0, up to 36500'],
    ['ALLOW_PRIVATE_TARGETS', ['yes', 'TRUE', ''], 'true or false'],
    ['DEMO_FLAKY', ['', 'off', 'DOWN', 'true'], 'sometimes, down, up'],
    ['LOG_LEVEL', ['loud'], 'trace, debug, info, warn, error, fatal, silent'],
    ['COMMIT', ['', ' '], 'a commit'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', ['localhost:4318', 'ftp://a/'], 'a URL that begins with http:// or https://'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', ['grpc'], 'http/json, the one that this program speaks'],
  ])('says what is wrong with %s, and what would be right', (name, values, right) => {
    for (const value of values) {
      expect(problemsOf({ [name]: value })).toEqual([`${name} (${JSON.stringify(value)}): expected ${right}`])
    }
  })

  it('says everything that is wrong at once, and never shows a secret', () => {
    expect(problemsOf({ PORT: 'a', API_TOKEN: 'my secret', LOG_LEVEL: 'b\nc' })).toEqual([
      'PORT ("a"): expected a whole number from 0 to 65535',
      'API_TOKEN (not shown): expected printable characters without spaces',
      'LOG_LEVEL ("b\\nc"): expected trace, debug, info, warn, error, fatal, silent',
    ])
  })

  it('refuses what does not go together', () => {
    expect(problemsOf({ GRACE_MS: '1000', DRAIN_DELAY_MS: '1000' })).toEqual([
      'DRAIN_DELAY_MS ("1000"): expected less than GRACE_MS, 1000, which it is a part of',
    ])
    expect(problemsOf({ RETRY_BASE_MS: '10', RETRY_MAX_MS: '5' })).toEqual([
      'RETRY_BASE_MS ("10"): expected at most RETRY_MAX_MS, 5',
    ])
    expect(problemsOf({ DEMO_FLAKY: 'down' })).toEqual([
      'DEMO_FLAKY ("down"): expected nothing without --demo, whose endpoint it is for',
    ])
    expect(problemsOf({ HOST: '0.0.0.0' })).toEqual([
      'API_TOKEN (not set): expected a token, since HOST, "0.0.0.0", is not loopback',
    ])
    expect(problemsOf({ HOST: '0.0.0.0', API_TOKEN: 'x' })).toEqual([])
  })
})

describe('isLoopback()', () => {
  it('knows what only this machine can reach', () => {
    const hosts = ['localhost', '127.0.0.1', '127.9.9.9', '::1', '0.0.0.0', '::', '127.example.com', '10.0.0.1', '']
    expect(hosts.filter(isLoopback)).toEqual(['localhost', '127.0.0.1', '127.9.9.9', '::1'])
  })
})
