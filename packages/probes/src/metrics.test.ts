import { afterEach, describe, expect, it, vi } from 'vitest'
import { create, get } from './fixtures/fake-source.ts'

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
      expect(log).toEqual(Array.from({ length: 3 }, () => '500 Cannot answer: reason withheld\n'))
    })

    it('waits for a registry that hangs no longer than the scraper does', async () => {
      vi.useFakeTimers()
      const hanging = { contentType: 'text/plain', metrics: () => new Promise<string>(() => {}) }
      const { probes } = create({ metrics: hanging, details: 'always' })
      const answer = get(probes, '/metrics', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '9.5' } })
      await vi.advanceTimersByTimeAsync(9500)
      expect(await answer).toBe(
        '500 Cannot answer: Error: The registry took longer than the 9500 ms that the scraper waits\n',
      )
      expect(vi.getTimerCount()).toBe(0)
    })

    it('leaves no timer behind when the registry answers in time', async () => {
      vi.useFakeTimers()
      const { probes } = create({ metrics: { contentType: 'text/plain', metrics: async () => '' } })
      await get(probes, '/metrics', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '10' } })
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
