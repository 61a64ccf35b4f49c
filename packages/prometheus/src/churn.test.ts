import { describe, expect, it } from 'vitest'
import { runChurn } from './fixtures/churn.ts'

/** 60 for a minute of it, which is worth a try after a change to what is kept of a service. */
const SECONDS = Number(process.env['CHURN_SECONDS'] ?? 0)

/** A service of which one entry is kept costs twice as much and more; the heap breathes by less than a tenth of it. */
const MOST_BYTES_EACH = 60

describe('trees of 10,000 services that come and go', () => {
  it('leave the series and the heap as they were', { timeout: (SECONDS + 300) * 1000 }, async ({ annotate }) => {
    const output = await runChurn(SECONDS)
    const { services, bytes, bytesEach, peak, seriesAtFirst, ...left } = output
    await annotate(`${services} services, ${seriesAtFirst} series, ${peak} at most, ${bytes} bytes more`)

    expect(left).toEqual({
      seriesAtLast: seriesAtFirst,
      more: [],
      fewer: [],
      warnings: ['More services than "maxServices": those past it are counted together as service_id="_other"'],
    })
    expect(seriesAtFirst).toBeGreaterThan(20)
    expect(peak).toBeGreaterThan(500 * 20)
    expect(peak).toBeLessThan(502 * 80)
    expect(bytesEach).toBeLessThan(MOST_BYTES_EACH)
  })

  it('would be noticed if they did not', { timeout: 300_000 }, async () => {
    const { bytesEach, more } = await runChurn(0, 'leak')
    expect(more).not.toEqual([])
    expect(bytesEach).toBeGreaterThan(2 * MOST_BYTES_EACH)
  })
})
