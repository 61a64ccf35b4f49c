import {
  type DashboardLink,
  DashboardLinkType,
  type DynamicConfigValue,
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { STATES } from './states.ts'

/** What stands in a cell without a value. */
export const NOTHING = '–'

/** Names and colours for numbers. */
export function valueMap(entries: Readonly<Record<string | number, readonly [text: string, color: string]>>): ValueMap {
  const options: ValueMap['options'] = {}
  for (const [index, [value, [text, color]]] of Object.entries(entries).entries())
    options[value] = { text, color, index }
  return { type: MappingType.ValueToText, options }
}

export const HEALTH_MAP: ValueMap = valueMap({ 0: ['Unhealthy', 'red'], 1: ['Healthy', 'green'] })
export const UP_MAP: ValueMap = valueMap({ 0: ['Down', 'red'], 1: ['Up', 'green'] })
export const STATE_MAP: ValueMap = valueMap(
  Object.fromEntries(Object.entries(STATES).map(([state, { code, color }]) => [code, [state, color] as const])),
)

/** Green below the first number, then a colour for each number and what is above it. */
export function thresholds(...steps: readonly (readonly [value: number, color: string])[]): ThresholdsConfigBuilder {
  const first: Threshold = { value: null, color: 'green' }
  const rest = steps.map(([value, color]) => ({ value, color }))
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([first, ...rest])
}

/** A link of a cell or of a point. */
export interface Link {
  readonly title: string
  readonly url: string
  readonly targetBlank: boolean
}

/** The page of the program that was scraped, where the text of each error stands. */
export const PROGRAM_LINK: Link = {
  title: 'The page of the program',
  url: 'http://${__data.fields.instance}/',
  targetBlank: true,
}

/** The same, with one service, and its traces. */
export const ERROR_LINKS: readonly Link[] = [
  {
    title: 'The error, on the page of the program',
    url: 'http://${__data.fields.instance}/?search=${__data.fields.service_id:percentencode}',
    targetBlank: true,
  },
  {
    title: 'Its traces, on the page of the program',
    url: 'http://${__data.fields.instance}/debug/traces?service=${__data.fields.service_id:percentencode}',
    targetBlank: true,
  },
]

export const RUNBOOK_LINK: Link = {
  title: 'What this alert means and what to do',
  url: '${runbook}#${__data.fields.runbook}',
  targetBlank: true,
}

/** This dashboard, with one service chosen: that of a row, `__data.fields.service_id`, or of a line, `__field.labels.service_id`. */
export function serviceLink(service: string): Link {
  const chosen = '${DS:queryparam}&${job:queryparam}&${instance:queryparam}'
  return {
    title: 'Only this service',
    url: `/d/${UID}?\${__url_time_range}&${chosen}&var-service_id=\${${service}:percentencode}`,
    targetBlank: false,
  }
}

/** Links that every point of a panel has. */
export function dataLinks(...links: readonly Link[]): { build: () => DashboardLink }[] {
  const rest = { type: DashboardLinkType.Link, icon: '', tooltip: '', tags: [] }
  return links.map((link) => ({
    build: () => ({ ...rest, ...link, asDropdown: false, includeVars: false, keepTime: false }),
  }))
}

/** The address of the dashboard, which bookmarks and alerts hold. */
export const UID = 'svc-services'

/** Settings of one column of a table; an empty cell stays empty instead of saying what an empty table says. */
export function columnOf(options: {
  readonly unit?: string | undefined
  readonly decimals?: number | undefined
  readonly width?: number | undefined
  readonly mappings?: readonly ValueMap[] | undefined
  readonly links?: readonly Link[] | undefined
  /** Fills the cell with the colour of its value. */
  readonly colored?: boolean | undefined
  readonly thresholds?: ThresholdsConfigBuilder | undefined
}): DynamicConfigValue[] {
  const { unit, decimals, width, mappings, links, colored } = options
  const cell = colored === true ? { type: 'color-background', mode: 'basic' } : undefined
  const values = {
    noValue: NOTHING,
    unit,
    decimals,
    mappings,
    links,
    thresholds: options.thresholds?.build(),
    'custom.width': width,
    'custom.cellOptions': cell,
  }
  return Object.entries(values).flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }]))
}
