/**
 * A member of an intrusive ring. A member is its own list node, so that joining and leaving allocate nothing and cost
 * the same with ten thousand siblings as with none.
 */
export class Link {
  private before: Link | undefined = undefined
  private after: Link | undefined = undefined

  get isLinked(): boolean {
    return this.after !== undefined
  }

  /** Leaves its ring; harmless when it is in none. */
  unlink(): void {
    const { before, after } = this
    if (before === undefined || after === undefined) return
    before.after = after
    after.before = before
    this.before = undefined
    this.after = undefined
  }

  /** What a stop does to a member that has just left the ring. */
  stop(_reason: unknown): void {}

  /** For a ring: puts a member at its end. */
  protected insertBefore(link: Link): void {
    const last = this.before as Link
    link.before = last
    link.after = this
    last.after = link
    this.before = link
  }

  /** For a ring: makes it empty. */
  protected close(): void {
    this.before = this
    this.after = this
  }

  protected get first(): Link {
    return this.after as Link
  }

  protected static next(link: Link): Link {
    return link.after as Link
  }
}

/** The ring itself: a link that is never a member, so that no end needs a check. */
export class Ring extends Link {
  constructor() {
    super()
    this.close()
  }

  get isEmpty(): boolean {
    return this.first === this
  }

  append(link: Link): void {
    this.insertBefore(link)
  }

  /**
   * Stops all members, oldest first. It takes the head until none is left: a listener that ends a sibling, or makes a
   * new one, would mislead a walk.
   */
  stopAll(reason: unknown): void {
    for (let head = this.first; head !== this; head = this.first) {
      head.unlink()
      head.stop(reason)
    }
  }

  forEach(fn: (link: Link) => void): void {
    for (let link = this.first; link !== this; link = Link.next(link)) fn(link)
  }
}
