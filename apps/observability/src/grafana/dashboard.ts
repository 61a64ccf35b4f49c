import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { annotations } from './annotations.ts'
import { errorPanels } from './errors.ts'
import { UID } from './fields.ts'
import { healthPanels } from './health.ts'
import { nowPanels } from './now.ts'
import { processPanels, versionPanels } from './program.ts'
import { startPanels } from './starts.ts'
import { taskPanels } from './tasks.ts'
import { variables } from './variables.ts'

// oxlint-disable-next-line typescript/no-deprecated -- see `createDashboard`
export type Dashboard = ReturnType<DashboardBuilder['build']>

/** The rows in the order in which somebody who was woken reads them. */
const ROWS: readonly (readonly [title: string, panels: () => readonly Builder<Panel>[]])[] = [
  ['What is wrong now', nowPanels],
  ['Health and state over time', healthPanels],
  ['Errors', errorPanels],
  ['Starts and ends', startPanels],
  ['Ticks and tasks', taskPanels],
  ['The process', processPanels],
  ['Versions', versionPanels],
]

/**
 * The dashboard, as Grafana imports it.
 *
 * @param runbook is where docs/runbook.md is to be read
 */
export function createDashboard(runbook: string): Dashboard {
  // oxlint-disable-next-line typescript/no-deprecated -- Grafana 11 does not read the newer form
  const builder = new DashboardBuilder('Services')
    .id(null)
    .uid(UID)
    .description('Services made with @svc: what is unhealthy, since when, and what else happened then.')
    .tags(['svc', 'prometheus'])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('10s')
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...variables(runbook)])
    .annotations([...annotations()])
    .links([{ build: () => RUNBOOK }])
  let id = 0
  for (const [title, panels] of ROWS) {
    builder.withRow(new RowBuilder(title).id(++id).collapsed(false))
    for (const panel of panels()) builder.withPanel({ build: () => ({ ...panel.build(), id: ++id }) })
  }
  return builder.build()
}

const RUNBOOK: DashboardLink = {
  title: 'Runbook',
  type: DashboardLinkType.Link,
  icon: 'doc',
  tooltip: 'What each alert means and what to do',
  url: '${runbook}',
  tags: [],
  asDropdown: false,
  targetBlank: true,
  includeVars: false,
  keepTime: false,
}
