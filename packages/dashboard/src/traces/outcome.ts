import { criticalPath, type CriticalPath } from './critical-path.ts'
import { durationOf, isOpen, rootOf, type Span, type Trace } from './model.ts'
import { durationText } from './time-text.ts'
import { childrenOf } from './tree.ts'

/** What a trace came to, in one sentence. */
export interface Outcome {
  readonly is: 'failed' | 'open' | 'good'
  readonly text: string
}

const MOST_NAMED = 3
const LONGEST_MESSAGE = 240

export function outcomeOf(trace: Trace, now: number, details: boolean): Outcome {
  if (trace.kind === 'health') return { is: trace.failed > 0 ? 'failed' : 'good', text: healthText(trace, details) }
  const failed = failuresOf(trace)
  const open = waitingOn(trace)
  const failure = failed.length > 0 ? failureText(failed, details) : undefined
  if (open.length > 0) {
    const waits = waitText(rootOf(trace), open, now)
    return { is: 'open', text: failure === undefined ? waits : `${waits}; ${failure}` }
  }
  if (failure !== undefined) return { is: 'failed', text: failure }
  return { is: 'good', text: shareText(trace, criticalPath(trace, now), now) }
}

/** Where it went wrong: the spans that failed with something that no span below has told, or else all that failed. */
export function failuresOf(trace: Trace): readonly Span[] {
  // What was flushed beside a change of health stands behind it.
  const failed = trace.spans
    .filter(({ failure }) => failure !== undefined)
    .toSorted((a, b) => Number(a.kind === 'flush') - Number(b.kind === 'flush'))
  const told = failed.filter(({ failure }) => failure?.isTold === false)
  return distinct(told.length > 0 ? told : failed)
}

/** A close that is out of time fails in each of its steps, with the same words but for how long it took. */
function distinct(failed: readonly Span[]): readonly Span[] {
  const said = new Set<string>()
  return failed.filter(({ service, failure }) => {
    const words = `${service}\n${failure?.summary.replaceAll(/\d+ ms/g, '')}`
    return !said.has(words) && said.add(words)
  })
}

/** What a trace that has not ended waits for: the open spans with no open ones below. */
export function waitingOn(trace: Trace): readonly Span[] {
  const above = new Set(trace.spans.filter(isOpen).map(({ parent }) => parent))
  return trace.spans.filter((it) => isOpen(it) && !above.has(it))
}

/** The message of a failure; where it may not be seen, its kind. */
export function messageOf({ failure }: Span, details: boolean): string {
  if (failure === undefined) return ''
  return details ? failure.summary : failure.type
}

function failureText(failed: readonly Span[], details: boolean): string {
  const [first, ...more] = failed
  if (first === undefined) return ''
  const others = more.length === 0 ? '' : ` (and ${count(more.length, 'more failure')})`
  return `${first.name || first.kind} failed: ${short(messageOf(first, details))}${others}`
}

function waitText(root: Span, open: readonly Span[], now: number): string {
  const [first] = open
  if (first === undefined) return ''
  if (first === root) return `has been running for ${durationText(durationOf(root, now))}`
  if (isOpen(root)) {
    if (open.length === 1) return `waits for ${whatOf(first)}, for ${durationText(durationOf(first, now))} so far`
    return `waits for ${namesOf(open)}, for ${durationText(durationOf(first, now))} so far`
  }
  return `has ended, but ${namesOf(open)} ${open.length === 1 ? 'has' : 'have'} not`
}

/** What a span does, as something that is waited for. */
export function whatOf({ kind, name, facts }: Span): string {
  if (kind !== 'wait') return name === '' ? kind : name
  const labels = facts?.pendingLabels ?? []
  return `tasks of ${name}${labels.length > 0 ? ` (${labels.slice(0, MOST_NAMED).join(', ')})` : ''}`
}

function namesOf(spans: readonly Span[]): string {
  const names = spans.slice(0, MOST_NAMED).map(whatOf)
  const rest = spans.length - names.length
  return rest > 0 ? `${names.join(', ')} and ${rest} more` : names.join(' and ')
}

function healthText(trace: Trace, details: boolean): string {
  const changes = trace.spans.filter(({ kind }) => kind === 'health')
  const bad = deepest(changes.filter(({ failure }) => failure !== undefined))
  const good = deepest(changes.filter(({ failure }) => failure === undefined))
  const parts: string[] = []
  const [first] = bad
  if (first !== undefined) {
    const verb = first.facts?.previousStatus === 'unhealthy' ? 'is still unhealthy' : 'became unhealthy'
    parts.push(`${first.service} ${verb}: ${firstLine(first, details)}${andMore(bad)}`)
  }
  const [back] = good
  if (back !== undefined) parts.push(`${back.service} ${recoveryOf(back)}${andMore(good)}`)
  const flushed = trace.spans.filter(({ kind }) => kind === 'flush')
  const [flush] = flushed
  if (flush !== undefined && first === undefined) {
    parts.push(
      `${flush.service} told of ${count(flush.facts?.errorCount ?? 1, 'error')}: ${short(messageOf(flush, details))}`,
    )
  }
  return parts.join('; ')
}

export function recoveryOf({ facts }: Span): string {
  if (facts?.status === 'healthy') return 'is healthy again'
  return facts?.status === 'inactive' ? 'does not run any more' : 'is gone'
}

/** Those that are part of no other one of them, by name: an owner's health is that of its parts. */
function deepest(changes: readonly Span[]): readonly Span[] {
  const names = changes.map(({ service }) => service).toSorted()
  return changes.filter(({ service }) => {
    const below = names.find((name) => name.startsWith(`${service}.`))
    return below === undefined
  })
}

function andMore(spans: readonly Span[]): string {
  return spans.length > 1 ? ` (and ${spans.length - 1} more)` : ''
}

/** Who had the largest share of the time. */
function shareText(trace: Trace, path: CriticalPath, now: number): string {
  const root = rootOf(trace)
  const total = durationOf(root, now)
  const [most] = childrenOf(trace)(root).toSorted((a, b) => path.through(b) - path.through(a))
  if (most === undefined || path.through(most) < total / 2) return ''
  return `${whatOf(most)} took ${durationText(path.through(most))} of ${durationText(total)}`
}

export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

/** Of many errors that a service told of the first is enough for one sentence. */
function firstLine(span: Span, details: boolean): string {
  const text = messageOf(span, details)
  const others = (span.failure?.count ?? 1) - 1
  const end = text.indexOf('\n')
  return others < 1 || end < 0 ? short(text) : `${short(text.slice(0, end))} (with ${count(others, 'more error')})`
}

function short(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE).toWellFormed()}…`
}
