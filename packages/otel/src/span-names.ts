import { diag } from '@opentelemetry/api'
import type { Operation, Scope } from '@svc/core'
import { cut, NAME_LIMIT } from '@svc/core/internal'

/** What a span is named by: an operation, or a service whose health changed or whose error buffer was emptied. */
export interface SpanSubject {
  readonly kind: Operation['kind'] | 'health' | 'flush'
  readonly scope: Scope
  readonly label: string
}

/** Names a span; `undefined` for the name that it has by default. The type of a method, so that a function of an operation fits as well. */
export type SpanName = { nameOf(subject: SpanSubject): string | undefined }['nameOf']

/** Makes the function that names spans: as the user's does, or `start Database` and the like. */
export function spanNamer(own: SpanName | undefined): (subject: SpanSubject) => string {
  if (own === undefined) return defaultName
  return (subject) => {
    try {
      const name: unknown = own(subject)
      if (name === undefined) return defaultName(subject)
      if (typeof name === 'string' && name !== '') return cut(name, NAME_LIMIT)
      diag.error('@svc/otel: option "spanName" gave back no name, the default is used')
    } catch (error) {
      diag.error('@svc/otel: option "spanName" failed, the default is used', error)
    }
    return defaultName(subject)
  }
}

function defaultName({ kind, scope, label }: SpanSubject): string {
  const name = kind === 'task' ? label || scope.name : scope.name || label
  return name === '' ? kind : cut(`${kind} ${name}`, NAME_LIMIT)
}
