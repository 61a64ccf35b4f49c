const WIDTH = 120

/** JSON as the formatter of this repository writes it: like JSON.stringify, with short lists of plain values in one line. */
export function formatJson(value: unknown, indent = ''): string {
  const inner = `${indent}  `
  const block = (open: string, parts: readonly string[], close: string): string =>
    parts.length === 0 ? open + close : `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`
  if (Array.isArray(value)) {
    const short = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    const isPlain = value.every((item) => typeof item !== 'object' || item === null)
    if (isPlain && inner.length + short.length < WIDTH) return short
    return block(
      '[',
      value.map((item) => formatJson(item, inner)),
      ']',
    )
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return block(
    '{',
    Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${formatJson(item, inner)}`),
    '}',
  )
}
