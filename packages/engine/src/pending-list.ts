import type { PendingWork } from '@svc/core'

/** What had not ended when a deadline passed, each once, as it was when it was first noted. */
export class PendingList {
  private readonly noted = new Map<string, PendingWork>()

  readonly note = (work: PendingWork): void => {
    const key = JSON.stringify([work.service, work.kind, work.label, work.startedBy])
    if (!this.noted.has(key)) this.noted.set(key, work)
  }

  get isEmpty(): boolean {
    return this.noted.size === 0
  }

  list(): readonly PendingWork[] {
    return [...this.noted.values()]
  }
}
