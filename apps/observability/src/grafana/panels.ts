import { PanelBuilder as BarGaugePanel } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TableCellHeight,
  TableFooterOptionsBuilder,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  SpecialValueMatch,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  CellValuesBuilder,
  FilterValueRangeBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapTooltipBuilder,
  PanelBuilder as HeatmapPanel,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap'
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelinePanel } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as GraphPanel } from '@grafana/grafana-foundation-sdk/timeseries'
import { DATASOURCE } from './queries.ts'

/** What every panel says of itself. */
export interface Words {
  readonly title: string
  /** Why it matters, and what to look at next. */
  readonly description: string
  /** What stands there when there is nothing to show. */
  readonly noValue: string
}

/** The shortest step between two points: no program is scraped more often than that for a dashboard. */
const MIN_STEP = '15s'

/** How many points a graph has: more than one for each pixel or two costs Prometheus time, and nobody sees them. */
const POINTS = 180
const TIMELINE_POINTS = 360

interface Described {
  title(title: string): unknown
  description(description: string): unknown
  noValue(noValue: string): unknown
  datasource(datasource: typeof DATASOURCE): unknown
  interval(interval: string): unknown
}

function describe<T extends Described>(panel: T, { title, description, noValue }: Words): T {
  panel.title(title)
  panel.description(description)
  panel.noValue(noValue)
  panel.datasource(DATASOURCE)
  panel.interval(MIN_STEP)
  return panel
}

/** One big number. Without one it is grey, where a threshold would still say that all is well. */
export function stat(words: Words): StatPanel {
  return describe(new StatPanel(), words)
    .mappings([
      {
        type: MappingType.SpecialValue,
        options: { match: SpecialValueMatch.Null, result: { text: words.noValue, color: '#7f7f7f' } },
      },
    ])
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

/** Lines over time, with the latest and the highest value of each in a table below, the highest first. */
export function lines(words: Words): GraphPanel {
  const legend = new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(['lastNotNull', 'max'])
    .sortBy('Max')
    .sortDesc(true)
  return describe(new GraphPanel(), words)
    .maxDataPoints(POINTS)
    .legend(legend)
    .tooltip(tooltip())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(1)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Auto)
    .min(0)
}

/** A band for each service, coloured by its value. */
export function timeline(words: Words): TimelinePanel {
  return describe(new TimelinePanel(), words)
    .maxDataPoints(TIMELINE_POINTS)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.9)
    .fillOpacity(80)
    .lineWidth(0)
    .perPage(20)
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).showLegend(true).calcs([]))
    .tooltip(tooltip())
}

/** A bar for each series, the longest first as the query has them. */
export function bars(words: Words): BarGaugePanel {
  return describe(new BarGaugePanel(), words)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

/** How many values fell into each bucket, over time; its own exemplars are dots. */
export function heatmap(words: Words): HeatmapPanel {
  const color = new HeatmapColorOptionsBuilder()
    .mode(HeatmapColorMode.Scheme)
    .scheme('Oranges')
    .exponent(0.5)
    .steps(64)
    .fill('dark-orange')
  return describe(new HeatmapPanel(), words)
    .unit('s')
    .maxDataPoints(POINTS)
    .calculate(false)
    .color(color)
    .cellGap(1)
    .yAxis(new YAxisConfigBuilder().unit('s'))
    .cellValues(new CellValuesBuilder().unit('short').decimals(0))
    .filterValues(new FilterValueRangeBuilder().le(1e-9))
    .showLegend()
    .tooltip(new HeatmapTooltipBuilder().mode(TooltipDisplayMode.Single).yHistogram(true).showColorScale(false))
}

/** A column once more, to be shown in another way, without asking for it twice. */
export interface Copy {
  readonly of: string
  readonly as: string
}

/** Rows that are put together of several queries, each of which gives a column; rows are the same where all labels are. */
export function table(
  words: Words,
  columns: readonly (readonly [field: string, name: string])[],
  more: { readonly hidden?: readonly string[] | undefined; readonly copy?: Copy | undefined } = {},
): TablePanel {
  const { hidden = [], copy } = more
  const indexByName = Object.fromEntries(columns.map(([field], index) => [field, index]))
  const excludeByName = Object.fromEntries(['Time', ...hidden].map((field) => [field, true]))
  const renameByName = Object.fromEntries(columns)
  const panel = describe(new TablePanel(), words)
    .cellHeight(TableCellHeight.Sm)
    .filterable(true)
    .footer(new TableFooterOptionsBuilder().show(false).reducer([]).enablePagination(true))
    .withTransformation({ id: 'merge', options: {} })
  if (copy !== undefined) {
    const binary = { left: copy.of, operator: '*', right: '1' }
    panel.withTransformation({
      id: 'calculateField',
      options: { mode: 'binary', binary, alias: copy.as, timeSeries: false },
    })
  }
  return panel.withTransformation({
    id: 'organize',
    options: { excludeByName, indexByName, renameByName },
  })
}

export function sortedBy(name: string, desc: boolean): TableSortByFieldStateBuilder[] {
  return [new TableSortByFieldStateBuilder().displayName(name).desc(desc)]
}

function tooltip(): VizTooltipOptionsBuilder {
  // oxlint-disable-next-line unicorn/no-array-sort -- not an array: an option of the tooltip
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending)
}
