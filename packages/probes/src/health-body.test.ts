import { describe, expect, it } from 'vitest'
import { accept, create, type Entries, get } from './fixtures/fake-source.ts'
import type { Probes, ProbesOptions } from './index.ts'

describe('createProbes()', () => {
  describe('/health', () => {
    const sick: Entries = [
      ['App.Db', new Error('line one\nline two')],
      ['App', null],
    ]
    const sickFake = (options: Partial<ProbesOptions> = {}): Probes => {
      const { probes, fake } = create(options)
      fake.set([['App', null]], sick)
      return probes
    }

    it('is JSON:API by default, sorted by name', async () => {
      const probes = sickFake({ details: 'always' })
      expect(await get(probes, '/health')).toBe(
        '503 {"data":[{"type":"checks","id":"App","attributes":{"name":"App","status":"passing","output":""}},' +
          '{"type":"checks","id":"App.Db","attributes":{"name":"App.Db","status":"failing","output":"line one\\nline two"}}]}',
      )
    })

    it('is what Accept asks for', async () => {
      const { probes } = create()
      const types: (string | null)[] = []
      const asked = [
        'application/json',
        'application/health+json',
        'text/plain',
        'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'text/*;q=0.5, application/vnd.api+json;q=0.4',
        'text/html, */*',
        'text/html;q=0, text/*',
        'image/png',
        ';;,,q=;/',
        'text/html;q=nonsense, application/health+json;q=0.1',
        '*/*',
      ]
      for (const type of asked) {
        const response = await probes(new Request('http://localhost/health', accept(type)))
        types.push(`${response.status} ${response.headers.get('content-type')} ${response.headers.get('vary')}`)
      }
      expect(types).toEqual([
        '200 application/json Accept',
        '200 application/health+json Accept',
        '200 text/plain; charset=utf-8 Accept',
        '200 text/html; charset=utf-8 Accept',
        '200 text/html; charset=utf-8 Accept',
        '200 text/html; charset=utf-8 Accept',
        '200 text/plain; charset=utf-8 Accept',
        '200 application/vnd.api+json Accept',
        '200 application/vnd.api+json Accept',
        '200 application/health+json Accept',
        '200 application/vnd.api+json Accept',
      ])
    })

    it('speaks application/health+json', async () => {
      const probes = sickFake({ details: 'always' })
      const text = await get(probes, '/health', accept('application/health+json'))
      expect(JSON.parse(text.slice(4))).toEqual({
        status: 'fail',
        version: '1.2.3',
        releaseId: 'abcdef0',
        checks: {
          App: [{ componentType: 'component', status: 'pass' }],
          'App.Db': [{ componentType: 'component', status: 'fail', output: 'line one\nline two' }],
        },
      })
    })

    it('speaks as Spring Boot Actuator does', async () => {
      const probes = sickFake({ details: 'always' })
      expect(await get(probes, '/health?format=spring')).toBe(
        '503 {"status":"DOWN","components":{"App":{"status":"UP"},"App.Db":{"status":"DOWN","details":{"error":"line one\\nline two"}}}}',
      )
      expect(await get(probes, '/health?format=xml')).toMatch(/^400 Cannot use the parameter "format"/)
    })

    it.each(['/health.txt', '/health'])('is text at %s', async (path) => {
      const text = accept('text/plain')
      expect(await get(sickFake({ details: 'always' }), path, text)).toBe(
        '503 ok App\n!  App.Db\n\tline one\n\tline two\n',
      )
      expect(await get(sickFake(), path, text)).toBe('503 ok App\n!  App.Db\n')
    })

    it('is a page of HTML with the tree of names, everything in it escaped', async () => {
      const { probes, fake } = create({ details: 'always' })
      fake.set(
        [],
        [
          ['App', null],
          ['App.a.b', new Error('<script>')],
          ['App.a.b.c', null],
          ['Apple', null],
          ['<i>&"\'', null],
        ],
      )
      const html = await get(probes, '/health', accept('text/html'))
      expect(html.slice(html.indexOf('<body>'))).toBe(`<body>
<h1 class="failing">Unhealthy</h1>
<p><span class="passing">&lt;i&gt;&amp;&quot;&#39;: passing</span></p>
<details open><summary><span class="passing">App: passing</span></summary>
<details open><summary><span class="failing">App.a.b: failing</span></summary><pre>&lt;script&gt;</pre>
<p><span class="passing">App.a.b.c: passing</span></p>
</details>
</details>
<p><span class="passing">Apple: passing</span></p>
</body>
</html>
`)
    })

    it('renders a tree of any depth', async () => {
      const { probes, fake } = create()
      fake.set(
        [],
        Array.from({ length: 3000 }, (_, depth) => ['a.'.repeat(depth + 1).slice(0, -1), null] as const),
      )
      const html = await get(probes, '/health', accept('text/html'))
      expect(html.split('<details open>').length).toBe(3000)
    })

    it('shows only what fails with ?failing', async () => {
      expect(await get(sickFake(), '/health.txt?failing')).toBe('503 !  App.Db\n')
      expect(await get(create().probes, '/health.txt?failing')).toBe('200 ')
    })

    it('answers with the status for unhealthy that was given', async () => {
      expect(await get(sickFake({ unhealthyStatus: 207 }), '/health.txt')).toMatch(/^207 /)
    })

    it('has a service named __proto__ in every form', async () => {
      const { probes, fake } = create()
      fake.set([['__proto__', new Error('down')]])
      const forms = ['application/json', 'application/health+json', 'text/html', 'text/plain']
      const bodies = await Promise.all(forms.map((type) => get(probes, '/health', accept(type))))
      bodies.push(await get(probes, '/health?format=spring'))
      expect(bodies.map((body) => body.includes('__proto__'))).toEqual([true, true, true, true, true])
    })
  })
})
