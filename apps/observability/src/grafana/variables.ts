import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DATASOURCE, PROGRAM } from './queries.ts'

/** What is chosen at the top, each from what the ones before it leave. */
export function variables(runbook: string): readonly Builder<VariableModel>[] {
  return [
    new DatasourceVariableBuilder('DS')
      .label('Data source')
      .description('The Prometheus that scrapes the programs')
      .type('prometheus'),
    labelValues('job', 'Job', 'label_values(svc_build_info, job)'),
    // What is not limited matches anything, instead of naming each of hundreds
    labelValues('instance', 'Instance', 'label_values(svc_build_info{job=~"$job"}, instance)').allValue('.+'),
    labelValues('service_id', 'Service', `label_values(health{${PROGRAM}}, service_id)`).allValue('.+'),
    new TextBoxVariableBuilder('runbook')
      .label('Runbook')
      .description('The address at which docs/runbook.md is to be read')
      .hide(VariableHide.InControlsMenu)
      .defaultValue(runbook),
  ]
}

function labelValues(name: string, label: string, query: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query({ qryType: LABEL_VALUES, query, refId: `Variable-${name}` })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- not an array: an option of the variable
      .sort(VariableSort.NaturalAsc)
      .multi(true)
      .includeAll(true)
      .current({ selected: true, text: ['All'], value: ['$__all'] })
  )
}

/** How the data source calls a query for the values of a label. */
const LABEL_VALUES = 1
