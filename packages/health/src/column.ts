import { joinErrors } from '@svc/core'
import { earlierIfSame } from './same-error.ts'

/** What one reporter says, by position. Never changed once made, so that any number of snapshots can share it. */
export interface Column {
  readonly names: readonly string[]
  readonly errors: readonly (Error | null)[]
}

export const EMPTY: Column = Object.freeze({ names: Object.freeze([]), errors: Object.freeze([]) })

/**
 * Takes a column entry by entry and copies the previous one from the first difference on only: one that is read again
 * unchanged is the previous object, and one with other errors shares its names.
 */
export class ColumnReader {
  private previous: Column
  private names: string[] | undefined = undefined
  private errors: (Error | null)[] | undefined = undefined
  private length = 0

  constructor(previous: Column) {
    this.previous = previous
  }

  add(name: string, error: Error | null): void {
    const { previous } = this
    const at = this.length++
    if (this.names === undefined && previous.names[at] !== name) this.names = previous.names.slice(0, at)
    this.names?.push(name)
    const before = previous.errors[at]
    const kept = before === undefined ? error : earlierIfSame(before, error)
    if (this.errors === undefined && before !== kept) this.errors = previous.errors.slice(0, at)
    this.errors?.push(kept)
  }

  end(): Column {
    const { previous, length, names, errors } = this
    const isShorter = length < previous.names.length
    // An error made during the reading holds, through its stack, what was on it: this object. It must not hold the
    // errors of the reading before, or the first ones ever read would live as long as the last.
    this.previous = EMPTY
    this.names = this.errors = undefined
    if (!isShorter && names === undefined && errors === undefined) return previous
    return {
      names: names ?? (isShorter ? previous.names.slice(0, length) : previous.names),
      errors: errors ?? (isShorter ? previous.errors.slice(0, length) : previous.errors),
    }
  }
}

export function countErrors(column: Column): number {
  let count = 0
  for (const error of column.errors) if (error !== null) count++
  return count
}

/** All columns as one report; what several say under one name is joined, the earlier first. */
export function toReport(columns: readonly Column[]): ReadonlyMap<string, Error | null> {
  const report = new Map<string, Error | null>()
  let slots = 0
  for (const { names, errors } of columns) {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const error = errors[i] as Error | null
      report.set(name, error)
      if (report.size === ++slots) continue
      // It was there already: start over, slowly.
      return joined(columns)
    }
  }
  return report
}

function joined(columns: readonly Column[]): ReadonlyMap<string, Error | null> {
  const report = new Map<string, Error | null>()
  for (const { names, errors } of columns) {
    names.forEach((name, at) => {
      const earlier = report.get(name)
      const error = errors[at] as Error | null
      report.set(name, earlier === undefined ? error : joinErrors([earlier, error]))
    })
  }
  return report
}
