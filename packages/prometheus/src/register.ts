import type { Column } from './column.ts'
import { createMetric } from './metric.ts'

/** What is used of a registry of prom-client or of @prometheus-io/client. */
export interface MetricRegistry {
  registerMetric(metric: never): void
  removeSingleMetric(name: string): void
}

type Lookup = { readonly getSingleMetric?: (name: string) => unknown }

/** Registers a metric for each column, or none of them. Gives back the undo. @throws Error when a name is taken */
export function register(columns: readonly Column[], registry: MetricRegistry): () => void {
  const { getSingleMetric } = registry as Lookup
  const taken = columns.find(({ name }) => getSingleMetric?.call(registry, name) !== undefined)
  if (taken !== undefined) {
    throw new Error(
      `Cannot register the metric "${taken.name}": the registry has one of that name already, perhaps of another exporter`,
    )
  }

  const done: (() => void)[] = []
  const undo = (): void => {
    for (const remove of done.splice(0)) remove()
  }
  for (const column of columns) {
    const { metric, registered } = createMetric(column, registry)
    try {
      registry.registerMetric(metric as never)
    } catch (error) {
      undo()
      throw new Error(`Cannot register the metric "${column.name}": the registry refused it`, { cause: error })
    }
    registered()
    done.push(() => {
      // Since then the registry may have been cleared, and the name given to another metric.
      const isOurs = getSingleMetric === undefined || getSingleMetric.call(registry, column.name) === metric
      if (isOurs) registry.removeSingleMetric(column.name)
    })
  }
  return undo
}
