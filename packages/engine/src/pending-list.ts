import { errorTree, isServiceError, type PendingWork } from '@svc/core'

/** Whatever tells what of it has not ended. */
interface Unended {
  pending(into: (work: PendingWork) => void): void
}

/** What had not ended when a deadline passed, each once, as it was when it was first noted. */
export class PendingList {
  private readonly noted = new Map<string, PendingWork>()

  /** Looks again. Work that looks alike is counted: the second of a name is new only where there was one before. */
  note(of: Unended): void {
    const counts = new Map<string, number>()
    of.pending((work) => {
      this.add(work, counts)
    })
  }

  /** Takes what an error says, in which nobody else is interested any more. */
  take(error: Error): void {
    for (const part of errorTree(error)) {
      if (!isServiceError(part)) continue
      const counts = new Map<string, number>()
      for (const work of part.pending) this.add(work, counts)
    }
  }

  private add(work: PendingWork, counts: Map<string, number>): void {
    const kind = JSON.stringify([work.service, work.kind, work.label, work.startedBy])
    const count = (counts.get(kind) ?? 0) + 1
    counts.set(kind, count)
    const key = `${kind}${count}`
    if (!this.noted.has(key)) this.noted.set(key, work)
  }

  get isEmpty(): boolean {
    return this.noted.size === 0
  }

  list(): readonly PendingWork[] {
    return [...this.noted.values()]
  }
}
