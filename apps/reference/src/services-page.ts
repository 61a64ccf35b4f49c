import type { HealthSnapshot } from '@svc/core'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** The list of services as a page that loads itself again. Names and messages are data: they are shown, never run. */
export function servicesPage(snapshot: HealthSnapshot, { details }: { readonly details: boolean }): Response {
  const { health, readiness, version, healthy, ready } = snapshot
  const names = [...new Set([...readiness.keys(), ...health.keys()])]
  const rows = names.map((name) => {
    const error = health.get(name) ?? null
    const text = error === null ? 'healthy' : details ? `unhealthy: ${error.message}` : 'unhealthy'
    const unready = (readiness.get(name) ?? null) === null ? '' : ', not ready'
    return `<li>${error === null ? '🟢' : '🔴'} <b>${escape(name)}</b> ${escape(text + unready)}</li>`
  })
  const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Relay</title>
<h1>Relay ${escape(version)}: ${ready ? 'ready' : 'not ready'}, ${healthy ? 'healthy' : 'unhealthy'}</h1>
<ul>
${rows.join('\n')}
</ul>
<p><a href="/health">health</a> <a href="/livez?verbose">livez</a> <a href="/readyz?verbose">readyz</a> <a href="/metrics">metrics</a>
</html>
`
  return new Response(page, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'`,
      'x-content-type-options': 'nosniff',
    },
  })
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}
