import type { HealthSnapshot } from '@svc/core'
import { describe, expect, it } from 'vitest'
import { servicesPage } from './services-page.ts'

const NAME = `<img src=x onerror="alert('1')">&`

const snapshot: HealthSnapshot = {
  version: '1.2.3',
  commit: '',
  startedAt: 0,
  checkedAt: 0,
  revision: 1,
  ready: true,
  healthy: false,
  everReady: true,
  readiness: new Map([[NAME, null]]),
  health: new Map([[NAME, new Error('</li><script>')]]),
}

describe('servicesPage()', () => {
  it('shows names and messages as they are, and runs nothing of them', async () => {
    const text = await servicesPage(snapshot, { details: true }).text()
    expect(text).toContain(
      '<b>&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</b> unhealthy: &lt;/li&gt;&lt;script&gt;',
    )
  })

  it('keeps messages to itself without details', async () => {
    const text = await servicesPage(snapshot, { details: false }).text()
    expect(text).toContain('&amp;</b> unhealthy</li>')
  })
})
