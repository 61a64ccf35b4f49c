import { type HealthNode, type HealthReporter, nodeOf, toError } from '@svc/core'
import { checkFunction, checkName, checkObject, readReadiness, readReporter } from '@svc/core/internal'
import { type Column, ColumnReader, countErrors, EMPTY } from './column.ts'
import { earlierIfSame } from './same-error.ts'
import { checkEntry, ToldOnce } from './told-once.ts'

/** One registered reporter, and what it said last. */
export class Watch {
  readonly name: string
  /** The inside of one of ours; a hand-written reporter has none. */
  readonly node: HealthNode | undefined
  readiness: Error | null = null
  column: Column = EMPTY
  /** How many errors the column has. */
  unhealthy = 0
  isUnread = true
  private readonly reporter: HealthReporter
  private readonly toldOnce = new ToldOnce()
  private live: Column = EMPTY
  private isLiveRead = false
  private revision: number | undefined = undefined

  constructor(reporter: HealthReporter) {
    checkObject(reporter, 'the reporter')
    for (const method of ['name', 'readiness', 'healthReport'] as const) {
      checkFunction(reporter[method], `the method "${method}" of the reporter`)
    }
    this.reporter = reporter
    this.node = nodeOf(reporter)
    this.name = reporter.name()
    checkName(this.name, 'the name of the reporter')
  }

  /** Whether its live state may have changed. One that is hand-written is read at polls only. */
  get isStale(): boolean {
    return this.node !== undefined && this.node.revision !== this.revision
  }

  /** Reads state and conditions, and consumes nothing. */
  look(): void {
    const { node } = this
    if (node === undefined) return
    this.revision = node.revision
    this.readReadiness()
    this.show(() => this.toldOnce.addTo(this.readLive(node), this.column))
  }

  /** Reads everything. `poll` is the number of the poll, `until` that of the one that drops what is flushed now. */
  poll(poll: number, until: number): void {
    const { node, isStale } = this
    this.isUnread = false
    this.revision = node?.revision
    this.readReadiness()
    this.show(() => {
      if (node === undefined) return this.readHandWritten()
      const live = isStale || !this.isLiveRead ? this.readLive(node) : this.live
      this.toldOnce.read(node, this.name, live, poll, until)
      return this.toldOnce.addTo(live, this.column)
    })
  }

  private readReadiness(): void {
    this.readiness = earlierIfSame(this.readiness, readReadiness(this.reporter, this.name))
  }

  private readLive(node: HealthNode): Column {
    this.isLiveRead = false
    const column = new ColumnReader(this.live)
    node.visit((name, error) => {
      checkEntry(name, error)
      column.add(name, error)
    }, false)
    this.isLiveRead = true
    return (this.live = column.end())
  }

  private readHandWritten(): Column {
    const column = new ColumnReader(this.column)
    readReporter(this.reporter, this.name, (name, error) => {
      column.add(name, error)
    })
    return column.end()
  }

  private show(read: () => Column): void {
    let column: Column
    try {
      column = read()
    } catch (error) {
      column = { names: [this.name], errors: [toError(error)] }
    }
    if (column === this.column) return
    this.column = column
    this.unhealthy = countErrors(column)
  }
}
