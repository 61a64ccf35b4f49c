import { readFileSync } from 'node:fs'
import { MappingType, type Panel, type ValueMap } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { exportedMetrics } from '../exported-metrics.ts'
import { panelsOf } from '../fixtures/panels-of.ts'
import { createDashboard } from './dashboard.ts'
import { dashboardFiles } from './dashboard-files.ts'

const dashboard = createDashboard('docs/runbook.md')
const panels = panelsOf(dashboard)
const everywhere = dashboard.panels ?? []

/** The value maps of a panel and of its columns. */
function mapsOf({ fieldConfig }: Panel): readonly ValueMap[] {
  const overridden = (fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties)
  const found = [...(fieldConfig?.defaults.mappings ?? []), ...overridden.flatMap(mappingsOf)]
  return found.filter((map): map is ValueMap => map.type === MappingType.ValueToText)
}

function mappingsOf({ id, value }: { readonly id: string; readonly value?: unknown }): ValueMap[] {
  return id === 'mappings' ? (value as ValueMap[]) : []
}

describe('createDashboard()', () => {
  it('is what is committed', () => {
    const committed = readFileSync(new URL('../../../../observability/grafana/svc.json', import.meta.url), 'utf8')
    expect(committed, 'run: npm run observability').toBe(dashboardFiles()['grafana/svc.json'])
    expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(dashboard)))
  })

  it('can be imported anywhere: an address of its own, no number of one installation, a data source to choose', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'svc-services', timezone: 'browser', refresh: '10s' })
    expect(dashboard.uid).toMatch(/^[\w-]{1,40}$/)
    expect(dashboard.schemaVersion).toBe(42)
    expect(dashboard.tags).toContain('svc')
    expect(dashboard.templating.list?.map(({ name }) => name)).toEqual([
      'DS',
      'job',
      'instance',
      'service_id',
      'runbook',
    ])
    for (const { name, multi, includeAll } of dashboard.templating.list?.slice(1, 4) ?? []) {
      expect({ name, multi, includeAll }).toEqual({ name, multi: true, includeAll: true })
    }
    const uids = [...JSON.stringify(dashboard).matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid)
    expect(new Set(uids)).toEqual(new Set(['${DS}', 'svc-services']))
    expect(JSON.stringify(dashboard)).not.toContain('__inputs')
  })

  it('has each panel once, in the grid, and none over another', () => {
    const ids = everywhere.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    const taken = new Map<string, string>()
    for (const { title = '', gridPos } of everywhere) {
      const { x, y, w, h } = gridPos!
      expect(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, title).toBe(true)
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(taken.get(`${column} ${row}`), `${title} lies over it`).toBeUndefined()
          taken.set(`${column} ${row}`, title)
        }
      }
    }
  })

  it('leaves no hole between panels', () => {
    const bottom = Math.max(...everywhere.map(({ gridPos }) => gridPos!.y + gridPos!.h))
    const area = everywhere.reduce((sum, { gridPos }) => sum + gridPos!.w * gridPos!.h, 0)
    expect(area).toBe(bottom * 24)
  })

  it.each(panels.map((panel) => [panel.title ?? '', panel] as const))('says of "%s" what it is', (title, panel) => {
    const { description = '', datasource, fieldConfig, type } = panel
    expect(title).toMatch(/^[A-Z]/)
    expect(description, 'why it matters, and what to look at next').toMatch(/^[A-Z][^]{40,} Next: [^]+\.$/)
    expect(datasource).toEqual({ type: 'prometheus', uid: '${DS}' })
    expect(fieldConfig?.defaults.noValue, 'what an empty panel says').toMatch(/^[A-Z]/)
    if (type !== 'table') expect(fieldConfig?.defaults.unit).toEqual(expect.any(String))
  })

  it('gives each number in a table a unit, and each empty cell a dash', () => {
    const tables = panels.filter(({ type }) => type === 'table')
    expect(tables.length).toBeGreaterThan(0)
    for (const { title, transformations = [], fieldConfig } of tables) {
      const { renameByName } = (
        transformations.find(({ id }) => id === 'organize') as {
          options: { renameByName: Record<string, string> }
        }
      ).options
      for (const [field, name] of Object.entries(renameByName)) {
        const ids = (fieldConfig?.overrides ?? [])
          .filter(({ matcher: { id, options } }) =>
            id === 'byRegexp' ? new RegExp((options as string).slice(1, -1)).test(name) : options === name,
          )
          .flatMap(({ properties }) => properties.map((property) => property.id))
        expect(ids, `${title}: ${name}`).toContain('noValue')
        if (field.startsWith('Value'))
          expect(ids.includes('unit') || ids.includes('mappings'), `${title}: ${name}`).toBe(true)
      }
    }
  })

  it('knows all states by their numbers', async () => {
    const help = (await exportedMetrics()).get('svc_state_code')!.help
    const exported: Record<string, string> = Object.fromEntries(
      [...help.matchAll(/(\d) (\w+)/g)].map(([, code = '', state = '']) => [code, state] as const),
    )
    expect(Object.keys(exported)).toHaveLength(7)

    const maps = panels.flatMap(mapsOf).map(({ options }) => options)
    const ofStates = maps.filter((options) => Object.values(options).some(({ text }) => text === 'StartFailed'))
    expect(ofStates.length).toBeGreaterThanOrEqual(2)
    for (const options of ofStates) {
      const texts = Object.fromEntries(Object.entries(options).map(([code, { text }]) => [code, text]))
      expect(texts).toEqual(exported)
      expect(new Set(Object.values(options).map(({ color }) => color)).size).toBe(7)
    }
  })

  it('knows health by its numbers', () => {
    const timeline = panels.find(({ title }) => title === 'Health over time')!
    expect(mapsOf(timeline)[0]?.options).toMatchObject({
      0: { text: 'Unhealthy', color: 'red' },
      1: { text: 'Healthy', color: 'green' },
    })
  })
})

describe('the README of the dashboard', () => {
  it('has YAML that can be read, and names what the dashboard has', () => {
    const readme = readFileSync(new URL('../../../../observability/grafana/README.md', import.meta.url), 'utf8')
    const blocks = [...readme.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => parse(text) as object)
    expect(blocks).toMatchObject([
      { providers: [{ type: 'file' }] },
      { datasources: [{ type: 'prometheus', jsonData: { exemplarTraceIdDestinations: [{ name: 'trace_id' }] } }] },
    ])
    expect(dashboard.templating.list?.some(({ name }) => readme.includes(`variable \`${name}\``))).toBe(true)
  })
})

describe('dashboardFiles()', () => {
  it('takes another prefix and another place of the runbook', () => {
    const text = dashboardFiles({ prefix: 'my$1_', runbook: 'https://wiki.example/svc' })['grafana/svc.json']
    expect(text).not.toMatch(/"(?:expr|query|definition)": .*\bsvc_/)
    expect(text).toContain('sum(my$1_ready{')
    expect(text).toContain('"query": "label_values(my$1_build_info, job)"')
    expect(text).toContain('"query": "https://wiki.example/svc"')
  })
})
