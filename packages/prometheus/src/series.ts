/** Label values by label name, in the order in which they are shown. */
export type LabelValues = Readonly<Record<string, string | number>>

/** One line of the exposition, but for its value. */
export interface Series {
  /** The name of a part of a histogram; `undefined` where it is the metric's own. */
  readonly metricName: string | undefined
  readonly labels: LabelValues
  /** The labels that all parts of a histogram have. */
  readonly shared: LabelValues | undefined
  /** The end of the line before and the line itself up to its value, rendered once: what makes a scrape cheap. */
  readonly head: string
}

export function createSeries(name: string, labels: LabelValues): Series {
  return { metricName: undefined, labels, shared: undefined, head: head(name, labelText(labels)) }
}

/** A part of a histogram: clients show its own label before those that all parts have. */
export function createPart(metricName: string, labels: LabelValues, shared: LabelValues): Series {
  const text = [labelText(labels), labelText(shared)].filter((it) => it !== '').join(',')
  return { metricName, labels, shared, head: head(metricName, text) }
}

function head(name: string, labels: string): string {
  return labels === '' ? `\n${name} ` : `\n${name}{${labels}} `
}

/** Names and values as an exposition has them between braces. */
export function labelText(labels: LabelValues): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${typeof value === 'string' ? escape(value) : value}"`)
    .join(',')
}

/** A label's value as it stands between its quotes. */
export function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
