import { show } from './check.ts'
import type { VisitEntry } from './health-node.ts'
import { joinErrors } from './join-errors.ts'
import type { HealthReporter } from './service.ts'
import { toError } from './to-error.ts'

/**
 * Reads a hand-written reporter. One that throws or returns nonsense is unhealthy with that error, under its own name;
 * of a report that is half nonsense the good half is kept.
 */
export function readReporter(reporter: HealthReporter, name: string, into: VisitEntry): void {
  const entries: [string, Error | null][] = []
  let own: Error | null = null
  try {
    const report: unknown = reporter.healthReport()
    silence(report)
    if (!isIterable(report)) {
      throw new TypeError(
        `Cannot read the health report of ${show(name)}: expected a map of names and errors, got ${show(report)}`,
      )
    }
    for (const entry of report) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string') {
        throw new TypeError(
          `Cannot read the health report of ${show(name)}: expected entries of a name and an error, got ${show(entry)}`,
        )
      }
      entries.push([entry[0], asHealth(entry[1], entry[0])])
    }
  } catch (error) {
    own = toError(error)
  }
  if (own !== null) {
    const at = entries.findIndex((entry) => entry[0] === name)
    if (at < 0) entries.unshift([name, own])
    else entries[at] = [name, joinErrors([(entries[at] as [string, Error | null])[1], own])]
  }
  for (const [key, error] of entries) into(key, error)
}

/** Whether a hand-written reporter is ready; one that throws or returns nonsense is not. */
export function readReadiness(reporter: HealthReporter, name: string): Error | null {
  try {
    const readiness: unknown = reporter.readiness()
    silence(readiness)
    return asHealth(readiness, name)
  } catch (error) {
    return toError(error)
  }
}

/** An async method is a mistake, but its rejection must not end the process. */
function silence(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {})
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function asHealth(value: unknown, name: string): Error | null {
  if (value === null) return null
  const error = toError(value)
  if (error === value) return error
  return new TypeError(`Cannot read the health of ${show(name)}: expected an error or null, got ${show(value)}`)
}
