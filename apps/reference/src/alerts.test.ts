import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from './fixtures/client.ts'
import { type Alert, type PrometheusServer, startPrometheus } from './fixtures/prometheus-server.ts'
import { answer, closeReceivers, startReceiver } from './fixtures/receiver.ts'
import { cleanUp, createFolder, type RelayProcess, runRelay, startRelay } from './fixtures/relay-process.ts'
import { until } from './fixtures/until.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const GENERATOR = fileURLToPath(new URL('../../observability/src/main.ts', import.meta.url))
/** 2 minutes become 2.4 seconds. */
const TIME_FACTOR = '0.02'
const PATIENCE_MS = 60_000

afterAll(async () => {
  await closeReceivers()
  await cleanUp()
})

/** Writes the rules of observability/ with shorter times, and starts a Prometheus that has them. */
async function watch(relay: RelayProcess): Promise<PrometheusServer> {
  const folder = createFolder()
  const args = ['--conditions=@svc/source', GENERATOR, '--out', folder, '--time-factor', TIME_FACTOR]
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const rules = [join(folder, 'svc-alerts.yml')]
  const server = await startPrometheus(PROMETHEUS, folder, new URL(relay.admin).host, { rules })
  onTestFinished(() => server.end())
  return server
}

/** Those of one name that fire, by service. */
async function firing(server: PrometheusServer, name: string): Promise<ReadonlyMap<string | undefined, Alert>> {
  const alerts = (await server.alerts()).filter(
    ({ labels, state }) => labels['alertname'] === name && state === 'firing',
  )
  return new Map(alerts.map((alert) => [alert.labels['service_id'], alert]))
}

/** The service of the subscription whose receiver is called so. */
async function serviceOf(relay: RelayProcess, receiver: string): Promise<string> {
  const line = relay.lines().find(({ service, msg }) => service === receiver && msg.startsWith('Listening on '))
  const url = new URL(line?.msg.slice('Listening on '.length) ?? '')
  const { body } = await createClient(relay.url).call('GET', '/v1/subscriptions')
  const { items } = body as { readonly items: readonly { readonly id: string; readonly url: string }[] }
  const { id } = items.find((it) => new URL(it.url).host === url.host) ?? { id: 'none' }
  return `Relay.Deliveries.${id}`
}

describe('the alerts', () => {
  it('name the flaky endpoint while it stays down, and end when an endpoint recovers', async ({ skip }) => {
    if (!existsSync(PROMETHEUS)) skip('prometheus is not installed')
    const relay = await startRelay({ args: ['--demo'], env: { DEMO_FLAKY: 'down' } })
    const server = await watch(relay)
    const flaky = await serviceOf(relay, 'Relay.Demo.Flaky')
    const alert = await until(
      'SvcUnhealthy fires for the flaky endpoint',
      async () => (await firing(server, 'SvcUnhealthy')).get(flaky),
      PATIENCE_MS,
    )
    const instance = new URL(relay.admin).host
    expect(alert).toMatchObject({
      labels: { alertname: 'SvcUnhealthy', job: 'svc', instance, service_id: flaky, severity: 'warning' },
      annotations: {
        summary: `${flaky} is unhealthy`,
        description: `${flaky} in svc at ${instance} has been unhealthy for more than 2400ms. See http://${instance}/`,
        runbook_url: 'docs/runbook.md#svcunhealthy',
      },
    })

    const receiver = await startReceiver(answer(500))
    const { id } = await createClient(relay.url).subscribe(receiver.url)
    const own = `Relay.Deliveries.${id}`
    await until('it fires for another one', async () => (await firing(server, 'SvcUnhealthy')).has(own), PATIENCE_MS)
    receiver.respond(answer(204))
    const left = await until(
      'it ends for the one that has recovered',
      async () => {
        const alerts = await firing(server, 'SvcUnhealthy')
        return !alerts.has(own) && alerts
      },
      PATIENCE_MS,
    )
    // The steady and the slow one never had it
    expect([...left.keys()]).toEqual([flaky])
    expect(await relay.end()).toBe(0)
    await until(
      'the program is missed',
      async () => (await server.alerts()).some(({ labels }) => labels['alertname'] === 'SvcTargetDown'),
      PATIENCE_MS,
    )
  }, 240_000)

  it('do not fire for an endpoint that is well', async ({ skip }) => {
    if (!existsSync(PROMETHEUS)) skip('prometheus is not installed')
    const relay = await startRelay({ args: ['--demo'], env: { DEMO_FLAKY: 'up' } })
    const server = await watch(relay)
    // Long enough to have seen that all are healthy for the time after which one that is not would have fired
    await until(
      'Prometheus has looked for a while',
      async () => {
        const [counted] = await server.query('min(count_over_time(health[20s]))')
        return Number(counted?.value[1]) >= 10
      },
      PATIENCE_MS,
    )
    // Others are about times that a busy machine does not keep once they are this short
    const names = ['SvcUnhealthy', 'SvcUnhealthyLong', 'SvcFlapping', 'SvcErrorBurst']
    expect((await server.alerts()).filter(({ labels }) => names.includes(labels['alertname'] ?? ''))).toEqual([])
    expect(await relay.end()).toBe(0)
  }, 120_000)
})

describe('DEMO_FLAKY', () => {
  it('is refused when it is wrong, with a line that says what would be right', async () => {
    const { code, output } = await runRelay({ args: ['--demo'], env: { DEMO_FLAKY: 'of<f>' } })
    expect(code).toBe(2)
    expect(output).toContain('DEMO_FLAKY ("of<f>"): expected sometimes, down, up')
  })
})
