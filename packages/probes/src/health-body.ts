import type { HealthReport, HealthSnapshot } from '@svc/core'
import { renderHtml } from './health-html.ts'
import { TEXT } from './reply.ts'
import { oneLine } from './text.ts'

/** The forms of `/health`. */
export type HealthFormat = 'json' | 'jsonapi' | 'ietf' | 'spring' | 'html' | 'text'

/** What a form is rendered from. */
export interface HealthView {
  readonly snapshot: HealthSnapshot
  /** The entries to show, by name. */
  readonly entries: readonly (readonly [name: string, error: Error | null])[]
  /** Whether error messages, version and commit may be seen. */
  readonly details: boolean
}

interface Form {
  readonly type: string
  readonly headers?: Readonly<Record<string, string>>
  render(view: HealthView): string
}

/** Content type and renderer of each form. */
export const FORMS: Readonly<Record<HealthFormat, Form>> = {
  jsonapi: { type: 'application/vnd.api+json', render: renderJsonApi },
  json: { type: 'application/json', render: renderJsonApi },
  ietf: { type: 'application/health+json', render: renderIetf },
  spring: { type: 'application/vnd.spring-boot.actuator.v3+json', render: renderSpring },
  html: {
    type: 'text/html; charset=utf-8',
    headers: { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'" },
    render: renderHtml,
  },
  text: { type: TEXT, render: renderText },
}

/** The entries of a report in the order of their names; only those that fail, when asked. */
export function selectEntries(report: HealthReport, failing: boolean): [string, Error | null][] {
  const entries = [...report].filter(([, error]) => !failing || error !== null)
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function renderJsonApi({ entries, details }: HealthView): string {
  const data = entries.map(([name, error]) => ({
    type: 'checks',
    id: name,
    attributes: {
      name,
      status: error === null ? 'passing' : 'failing',
      output: error !== null && details ? error.message : '',
    },
  }))
  return JSON.stringify({ data })
}

/** draft-inadarei-api-health-check-06 */
function renderIetf({ snapshot, entries, details }: HealthView): string {
  const checks = byName(entries, (error) => [
    {
      componentType: 'component',
      status: error === null ? 'pass' : 'fail',
      output: error !== null && details ? error.message : undefined,
    },
  ])
  return JSON.stringify({
    status: snapshot.healthy ? 'pass' : 'fail',
    version: details && snapshot.version !== '' ? snapshot.version : undefined,
    releaseId: details && snapshot.commit !== '' ? snapshot.commit : undefined,
    checks,
  })
}

/** Spring Boot Actuator; flat, since a name may have dots in it. */
function renderSpring({ snapshot, entries, details }: HealthView): string {
  const components = byName(entries, (error) => ({
    status: upOrDown(error === null),
    details: error !== null && details ? { error: error.message } : undefined,
  }))
  return JSON.stringify({ status: upOrDown(snapshot.healthy), components })
}

function upOrDown(up: boolean): string {
  return up ? 'UP' : 'DOWN'
}

function renderText({ entries, details }: HealthView): string {
  let text = ''
  for (const [name, error] of entries) {
    text += `${error === null ? 'ok ' : '!  '}${oneLine(name)}\n`
    if (error !== null && details) for (const line of error.message.split('\n')) text += `\t${oneLine(line)}\n`
  }
  return text
}

/** An object without a prototype, so that `__proto__` is a name like any other. */
function byName<T>(entries: HealthView['entries'], make: (error: Error | null) => T): Record<string, T> {
  const object = Object.create(null) as Record<string, T>
  for (const [name, error] of entries) object[name] = make(error)
  return object
}
