import * as api from '@opentelemetry/api'
import type { Context, Link, SpanContext } from '@opentelemetry/api'

/**
 * The active context without its span. Timers and tasks made during a start inherit that start's context; under it,
 * whatever they do for ever after would belong to a start that is long over.
 */
export function detached(): Context {
  const active = api.context.active()
  return api.trace.getSpan(active) === undefined ? active : api.trace.deleteSpan(active)
}

/** A context in which a span becomes a child of `parent`, where there is one. */
export function under(context: Context, parent: SpanContext | undefined): Context {
  return parent === undefined ? context : api.trace.setSpanContext(context, parent)
}

/**
 * Links to `target`: none to a span that nobody exports, and none within one trace, since Jaeger draws a link within a
 * trace as the parent.
 */
export function addLink(
  links: Link[],
  context: Context,
  target: SpanContext | undefined,
  type: 'start' | 'previous',
): Link[] {
  if (target === undefined || (target.traceFlags & api.TraceFlags.SAMPLED) === 0) return links
  if (api.trace.getSpanContext(context)?.traceId === target.traceId) return links
  links.push({ context: target, attributes: { 'svc.link.type': type } })
  return links
}

/**
 * The active context, for what may be part of something that the program itself has under way; without its span where
 * that has ended, which is how a timer of long ago looks.
 */
export function outside(): Context {
  const active = api.context.active()
  const span = api.trace.getSpan(active)
  if (span === undefined || span.isRecording()) return active
  const { traceFlags, isRemote } = span.spanContext()
  // One that is sampled, is of this process and records nothing has ended.
  const hasEnded = (traceFlags & api.TraceFlags.SAMPLED) !== 0 && isRemote !== true
  return hasEnded ? api.trace.deleteSpan(active) : active
}
