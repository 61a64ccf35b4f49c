import { afterEach, describe, expect, it, vi } from 'vitest'
import { create, get } from './fixtures/fake-source.ts'
import type { MetricsSource } from './index.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('createProbes()', () => {
  describe('/metrics', () => {
    it('serves what the registry gives, with its content type', async () => {
      const { probes } = create({
        metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'up 1\n' },
      })
      const response = await probes(new Request('http://localhost/metrics'))
      expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
        200,
        'text/plain; version=0.0.4',
        'up 1\n',
      ])
    })

    it('is 404 without a registry', async () => {
      expect(await get(create().probes, '/metrics')).toMatch(/^404 Cannot find any metrics/)
    })

    it('is 500 when the registry fails, in whatever way', async () => {
      const log: string[] = []
      const broken = [
        () => Promise.reject(new Error('secret')),
        () => {
          throw new Error('secret')
        },
        async () => 7 as unknown as string,
      ]
      for (const metrics of broken) {
        log.push(await get(create({ metrics: { contentType: 'text/plain', metrics } }).probes, '/metrics'))
      }
      expect(log).toEqual(Array.from({ length: 3 }, () => '500 Cannot collect the metrics: reason withheld\n'))
    })

    it('names the metric that fails, and says why to whom may see it', async () => {
      const boom = (message: string) => () => Promise.reject(new Error(message))
      const metrics: MetricsSource & { getMetricsAsArray(): object[] } = {
        contentType: 'text/plain',
        metrics: boom('secret'),
        getMetricsAsArray: () => [
          { name: 'good', get: async () => ({}) },
          { name: 'bad', get: boom('secret') },
          {
            name: 'worse "\n',
            get: () => {
              throw new Error('thrown')
            },
          },
        ],
      }
      const wrapped = { ...metrics, metrics: () => Promise.reject(new Error('wrapped', { cause: 'the cause' })) }
      const log: string[] = []
      for (const details of ['never', 'always'] as const) {
        log.push(await get(create({ metrics, details }).probes, '/metrics'))
        log.push(await get(create({ metrics: wrapped, details }).probes, '/metrics'))
      }
      expect(log).toEqual([
        '500 Cannot collect the metrics "worse \\"\\n", "bad": reason withheld\n',
        '500 Cannot collect the metrics "worse \\"\\n", "bad": reason withheld\n',
        '500 Cannot collect the metrics "worse \\"\\n", "bad": Error: secret\n',
        '500 Cannot collect the metrics "worse \\"\\n", "bad": the cause\n',
      ])
    })

    it('does not wait for ever to find out which metric fails', async () => {
      vi.useFakeTimers()
      const metrics = {
        contentType: 'text/plain',
        metrics: () => Promise.reject(new Error('secret')),
        getMetricsAsArray: () => [
          { name: 'hangs', get: () => new Promise(() => {}) },
          { name: 'bad', get: () => Promise.reject(new Error('secret')) },
        ],
      }
      const answer = get(create({ metrics }).probes, '/metrics')
      await vi.advanceTimersByTimeAsync(1000)
      expect(await answer).toBe('500 Cannot collect the metric "bad": reason withheld\n')
      expect(vi.getTimerCount()).toBe(0)
    })

    describe('of several registries', () => {
      const text = { contentType: 'text/plain; version=0.0.4; charset=utf-8', metrics: async () => 'text' }
      const open = {
        contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
        metrics: async () => 'om',
      }
      const { probes } = create({ metrics: [text, open] })
      const asked = async (accept: string | null): Promise<string> =>
        (await get(probes, '/metrics', accept === null ? {} : { headers: { accept } })).slice(4)

      it.each([
        // What versions of Prometheus send
        [
          'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
          'om',
        ],
        [
          'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
          'om',
        ],
        [
          'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
          'om',
        ],
        ['application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
        ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
        // A browser, curl, and what others ask for
        ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text'],
        ['*/*', 'text'],
        [null, 'text'],
        ['application/openmetrics-text', 'om'],
        ['Application/OpenMetrics-Text ; Version="1.0.0"', 'om'],
        ['application/openmetrics-text;q=0.2, text/plain;q=0.1', 'om'],
        ['application/openmetrics-text;q=0.1, text/plain;q=0.2', 'text'],
        ['application/openmetrics-text;version=1.0.0;q=0, */*', 'text'],
        ['text/plain;q=0, */*', 'om'],
        ['text/plain;version=0.0.4;q=0.3, text/plain;q=0.9, application/openmetrics-text;q=0.5', 'om'],
        ['application/*', 'om'],
        ['application/*;q=0.5, text/*;q=0.6', 'text'],
        ['application/openmetrics-text;charset=utf-8', 'om'],
        // Nothing that there is, and nonsense
        ['application/openmetrics-text;version=2.0.0', 'text'],
        ['application/json', 'text'],
        ['', 'text'],
        [',;=q', 'text'],
        ['application/openmetrics-text;q=2', 'text'],
        ['application/openmetrics-text;q=', 'text'],
        ['application/openmetrics-text;q=yes', 'text'],
      ])('answers %j with %s', async (accept, expected) => {
        expect(await asked(accept)).toBe(expected)
      })

      it('says the type of the one chosen, and that another client may get another', async () => {
        const response = await probes(new Request('http://localhost/metrics', { headers: { accept: 'application/*' } }))
        expect(response.headers.get('content-type')).toBe(open.contentType)
        expect(response.headers.get('vary')).toBe('Accept')
        const { probes: one } = create({ metrics: [text] })
        expect((await one(new Request('http://localhost/metrics'))).headers.get('vary')).toBeNull()
      })

      it('collects from that one only, and fails with that one only', async () => {
        const calls: string[] = []
        const broken = {
          ...open,
          metrics: () => {
            calls.push('broken')
            return Promise.reject(new Error('secret'))
          },
        }
        const sources: MetricsSource[] = [text, broken]
        const { probes } = create({ metrics: sources })
        sources.pop()
        expect(await get(probes, '/metrics')).toBe('200 text')
        expect(calls).toEqual([])
        expect(await get(probes, '/metrics', { headers: { accept: 'application/*' } })).toMatch(/^500/)
        expect(calls).toEqual(['broken'])
      })
    })

    it.each([
      ['9.5', 9500, 9000],
      ['0.5', 500, 400],
      ['0', 10_000, 9500],
      ['soon', 10_000, 9500],
      [undefined, 10_000, 9500],
    ])('answers before a scraper that waits %s s gives up, and names what hangs', async (seconds, waits, ms) => {
      vi.useFakeTimers()
      const hangs = () => new Promise<string>(() => {})
      const registry: MetricsSource & { getMetricsAsArray(): object[] } = {
        contentType: 'text/plain',
        metrics: hangs,
        getMetricsAsArray: () => [
          { name: 'good', get: async () => ({}) },
          { name: 'stuck', get: hangs },
        ],
      }
      const headers = seconds === undefined ? {} : { 'X-Prometheus-Scrape-Timeout-Seconds': seconds }
      const answers = [registry, { contentType: 'text/plain', metrics: hangs }].map((metrics) =>
        get(create({ metrics }).probes, '/metrics', { headers }),
      )
      await vi.advanceTimersByTimeAsync(waits - 1)
      expect(vi.getTimerCount()).toBe(0)
      expect(await Promise.all(answers)).toEqual([
        `500 Cannot collect the metric "stuck": no answer within ${ms} ms\n`,
        `500 Cannot collect the metrics: no answer within ${ms} ms\n`,
      ])
    })

    it('leaves no timer behind when the registry answers in time', async () => {
      vi.useFakeTimers()
      const { probes } = create({ metrics: { contentType: 'text/plain', metrics: async () => '' } })
      await get(probes, '/metrics', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10' } })
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
