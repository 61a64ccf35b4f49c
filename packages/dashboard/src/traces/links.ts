import { rootOf, type Span, type Trace } from './model.ts'

/** A way from one span to another one, mostly of another trace. */
export interface Link {
  readonly type: 'start' | 'close' | 'previous' | 'next' | 'drain'
  readonly to: Span
}

/** Finds what belongs together among the traces that are kept; it holds on to nothing that is not. */
export interface Links {
  of(span: Span): readonly Link[]
}

export function createLinks(traces: readonly Trace[]): Links {
  const starts = new Map<number, Span>()
  const closes = new Map<number, Span>()
  const startsByName = new Map<string, Span[]>()
  const changes = new Map<string, Span[]>()
  const drains: Span[] = []
  const shutdowns: Span[] = []
  // Oldest first, so that lists are in the order of time.
  for (const trace of traces.toReversed()) {
    for (const span of trace.spans) {
      if (span.kind === 'start') {
        starts.set(span.owner, span)
        append(startsByName, span.service, span)
      } else if (span.kind === 'close') closes.set(span.owner, span)
      else if (span.kind === 'health') append(changes, span.service, span)
      else if (span.kind === 'drain') drains.push(span)
    }
    const root = rootOf(trace)
    if (root.kind === 'close' && root.facts?.closeReason === 'shutdown') shutdowns.push(root)
  }

  /** What was started last under a name before a moment. */
  function startNamed(name: string, before: number): Span | undefined {
    return startsByName.get(name)?.findLast((it) => it.startedAt <= before)
  }

  /** The start that the first of the services that a poll has found was part of. */
  function startOfProgram({ spans }: Trace): Span | undefined {
    for (const { kind, service, owner, startedAt } of spans) {
      const start =
        kind === 'health' ? startNamed(service, startedAt) : kind === 'flush' ? starts.get(owner) : undefined
      if (start !== undefined) return rootOf(start.trace)
    }
    return undefined
  }

  function of(span: Span): readonly Link[] {
    const { kind, owner, service, startedAt } = span
    const links: (Link | undefined)[] = []
    if (kind === 'health') {
      links.push(link('start', startNamed(service, startedAt)))
      const all = changes.get(service) ?? []
      const at = all.indexOf(span)
      links.push(link('previous', at > 0 ? all[at - 1] : undefined))
      links.push(link('next', at < 0 ? undefined : all[at + 1]))
    } else if (kind === 'health check') {
      links.push(link('start', startOfProgram(span.trace)))
    } else if (kind === 'start') {
      links.push(link('close', closes.get(owner)))
    } else if (kind === 'drain') {
      links.push(
        link(
          'close',
          shutdowns.find((it) => it.startedAt >= startedAt),
        ),
      )
    } else if (kind !== 'wait') {
      links.push(link('start', starts.get(owner)))
      if (kind === 'close' && span.parent === undefined && span.facts?.closeReason === 'shutdown') {
        links.push(
          link(
            'drain',
            drains.findLast((it) => it.startedAt <= startedAt),
          ),
        )
      }
    }
    // What rolled a failed start back is in the same trace, and there to be seen.
    return links.filter((it) => it !== undefined).filter(({ to }) => to.trace !== span.trace)
  }

  return { of }
}

function link(type: Link['type'], to: Span | undefined): Link | undefined {
  return to === undefined ? undefined : { type, to }
}

function append(lists: Map<string, Span[]>, key: string, span: Span): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [span])
  else list.push(span)
}
