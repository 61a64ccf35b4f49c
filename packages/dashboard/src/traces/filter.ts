import { type Span, TRACE_KINDS, type Trace } from './model.ts'

/** What a list is narrowed down to. */
export interface Filter {
  readonly kind: string
  /** The full name of a service: itself and what is below it; else a part of names. */
  readonly service: string
  readonly errors: boolean
}

export function readFilter({ searchParams }: URL): Filter {
  const errors = searchParams.get('errors')
  const kind = searchParams.get('kind') ?? ''
  return {
    kind: (TRACE_KINDS as readonly string[]).includes(kind) ? kind : '',
    service: searchParams.get('service')?.trim() ?? '',
    errors: errors !== null && errors !== '0' && errors !== 'false',
  }
}

export function isNarrowed({ kind, service, errors }: Filter): boolean {
  return kind !== '' || service !== '' || errors
}

export function applyFilter(traces: readonly Trace[], { kind, service, errors }: Filter): readonly Trace[] {
  const found = traces.filter((it) => (kind === '' || it.kind === kind) && (!errors || it.failed > 0))
  if (service === '') return found
  // A link has no place for a half of a surrogate pair.
  const named = (span: Span): readonly [string, string] => [span.service.toWellFormed(), span.name.toWellFormed()]
  const below = `${service}.`
  const exact = found.filter(({ spans }) =>
    spans.some((it) => named(it).includes(service) || named(it)[0].startsWith(below)),
  )
  if (exact.length > 0) return exact
  const part = service.toLowerCase()
  return found.filter(({ spans }) => spans.some((it) => named(it).some((name) => name.toLowerCase().includes(part))))
}

/** The same as the query of a link, with its question mark; nothing for no filter. */
export function filterQuery({ kind, service, errors }: Filter): string {
  const query = new URLSearchParams()
  if (kind !== '') query.set('kind', kind)
  if (service !== '') query.set('service', service.toWellFormed())
  if (errors) query.set('errors', '1')
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
