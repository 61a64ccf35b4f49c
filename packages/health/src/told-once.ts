import { type HealthNode, joinErrors, toError } from '@svc/core'
import { type Column, ColumnReader } from './column.ts'

/** An error that came out of a buffer, and the poll that drops it. */
interface Flushed {
  readonly error: Error
  readonly until: number
}

/**
 * What a poll was told and a live look is not: errors out of buffers, and all that hand-written reporters say. It is
 * kept beside the live state, so that looking again loses none of it.
 */
export class ToldOnce {
  private flushed: ReadonlyMap<string, readonly Flushed[]> = new Map()
  private handWritten: readonly (readonly [string, Error | null])[] = []

  /** Reads it anew; a failure to is kept under `name`. `until` is the number of the poll that drops what is flushed now, `poll` that of this one. */
  read(node: HealthNode, name: string, live: Column, poll: number, until: number): void {
    const flushed = new Map<string, Flushed[]>()
    for (const [name, errors] of this.flushed) {
      const left = errors.filter((error) => error.until > poll)
      if (left.length > 0) flushed.set(name, left)
    }
    const keep = (name: string, error: Error | null): void => {
      if (error === null) return
      const errors = flushed.get(name)
      if (errors === undefined) flushed.set(name, [{ error, until }])
      else errors.push({ error, until })
    }
    let handWritten: (readonly [string, Error | null])[] = []
    let at = 0
    // The same walk as the live one, with the entries of hand-written reporters in between.
    const take = (name: string, error: Error | null, part?: Error | null): void => {
      checkEntry(name, error)
      if (live.names[at] === name) {
        const known = live.errors[at++] as Error | null
        keep(name, part === undefined && error !== known ? error : (part ?? null))
      } else if (part === undefined) handWritten.push([name, error])
      else keep(name, part)
    }
    let failure: Error | undefined
    try {
      node.visit(take, true)
    } catch (error) {
      failure = toError(error)
    }
    if (at < live.names.length) {
      // The tree changed under the walk: what is live is told again by the next look.
      const known = new Set(live.names)
      handWritten = handWritten.filter(([name]) => !known.has(name))
    }
    if (failure !== undefined) handWritten.push([name, failure])
    this.flushed = flushed
    this.handWritten = handWritten
  }

  /** The live state with it. */
  addTo(live: Column, previous: Column): Column {
    const { flushed, handWritten } = this
    if (flushed.size === 0 && handWritten.length === 0) return live
    const column = new ColumnReader(previous)
    const left = new Map(flushed)
    live.names.forEach((name, at) => {
      const error = live.errors[at] as Error | null
      const kept = left.size === 0 ? undefined : left.get(name)
      if (kept !== undefined) left.delete(name)
      column.add(name, kept === undefined ? error : joinErrors([...kept.map((flushed) => flushed.error), error]))
    })
    for (const [name, error] of handWritten) column.add(name, error)
    return column.end()
  }
}

/** A node is a protocol that others may implement. */
export function checkEntry(name: unknown, error: unknown): void {
  if (typeof name !== 'string' || typeof error !== 'object') {
    throw new TypeError('Cannot read a health node: expected a name, and an error or null')
  }
}
