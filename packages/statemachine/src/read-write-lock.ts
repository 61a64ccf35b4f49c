interface Waiting {
  readonly writers: (() => void)[]
  readers: (() => void)[]
}

/**
 * The fair read-write lock of Go's `sync.RWMutex`, without a thread to block: readers share; a writer that waits holds
 * new readers back; when a writer is done, every reader then waiting goes before the next writer; writers go in order of
 * arrival. What may go at once runs at once.
 */
export class ReadWriteLock {
  private reading = 0
  private writing = false
  private admitting = false
  private waiting: Waiting | undefined = undefined

  /** Whether a reader would have to wait. */
  get holdsReaders(): boolean {
    return this.writing || (this.waiting !== undefined && this.waiting.writers.length > 0)
  }

  get isWriting(): boolean {
    return this.writing
  }

  /** Runs `run` as the writer, now or later. It ends with {@link leaveWrite}. */
  write(run: () => void): void {
    this.queues().writers.push(run)
    this.admit()
  }

  /** Takes the write side if it is free, without a queue. */
  tryWrite(): boolean {
    if (this.reading > 0 || this.holdsReaders) return false
    this.writing = true
    return true
  }

  /** A writer that will not wait any longer; false when its turn has come. */
  withdraw(run: () => void): boolean {
    const writers = this.waiting?.writers ?? []
    const at = writers.indexOf(run)
    if (at < 0) return false
    writers.splice(at, 1)
    if (!this.holdsReaders) this.releaseReaders()
    return true
  }

  leaveWrite(): void {
    this.writing = false
    this.releaseReaders()
    this.admit()
  }

  /** Becomes a reader whatever else goes on: the caller has judged for itself that it may. */
  enterRead(): void {
    this.reading++
  }

  /** Runs `run` as a reader as soon as no writer is in the way. It ends with {@link leaveRead}. */
  waitRead(run: () => void): void {
    this.queues().readers.push(run)
  }

  leaveRead(): void {
    this.reading--
    this.admit()
  }

  private releaseReaders(): void {
    const readers = this.waiting?.readers
    if (readers === undefined || readers.length === 0) return
    this.queues().readers = []
    // All of them count before the first runs: one that ends at once must not let a writer in between.
    this.reading += readers.length
    for (const run of readers) run()
  }

  /** A loop, not a recursion: any number of writers may end at once. */
  private admit(): void {
    if (this.admitting) return
    this.admitting = true
    while (!this.writing && this.reading === 0) {
      const run = this.waiting?.writers.shift()
      if (run === undefined) break
      this.writing = true
      run()
    }
    this.admitting = false
  }

  private queues(): Waiting {
    return (this.waiting ??= { writers: [], readers: [] })
  }
}
