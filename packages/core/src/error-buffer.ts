import { checkCount, checkObject, show } from './check.ts'
import { joinErrors } from './join-errors.ts'
import { toError } from './to-error.ts'

/** Keeps the newest errors until somebody flushes them. */
export interface ErrorBuffer {
  /** Appends one, dropping the oldest when full. @throws TypeError for `null` and `undefined`. */
  append(error: unknown): void
  /** Gives back all that are held, joined, oldest first, and how many were dropped since the last flush; then holds none. */
  flush(): { error: Error | null; dropped: number }
  /** Trims the oldest at once; 0 drops what is held and from then on keeps everything. @throws RangeError unless whole and not negative. */
  setCap(cap: number): void
}

/** @param options `cap`: how many are kept; 0, the default, keeps everything. */
export function createErrorBuffer(options: { cap?: number | undefined } = {}): ErrorBuffer {
  checkObject(options, 'the options')
  const { cap = 0 } = options
  checkCount(cap, 'option "cap"')
  return new RingBuffer(cap)
}

/** A ring that counts drops: append is O(1), and the array is made by the first append. */
export class RingBuffer implements ErrorBuffer {
  private held: Error[] | undefined = undefined
  private oldest = 0
  private dropped = 0
  private cap: number

  constructor(cap: number) {
    this.cap = cap
  }

  append(error: unknown): void {
    if (error === null || error === undefined) {
      throw new TypeError(`Cannot append an error: expected an error, got ${show(error)}`)
    }
    this.keep(toError(error))
  }

  protected keep(error: Error): void {
    const held = (this.held ??= [])
    if (this.cap === 0 || held.length < this.cap) {
      held.push(error)
      return
    }
    held[this.oldest] = error
    this.oldest = this.oldest + 1 === this.cap ? 0 : this.oldest + 1
    this.dropped++
  }

  /** What is held, oldest first; the buffer is empty after it. */
  take(): { errors: readonly Error[]; dropped: number } {
    const taken = { errors: this.inOrder(), dropped: this.dropped }
    this.held = undefined
    this.oldest = 0
    this.dropped = 0
    return taken
  }

  flush(): { error: Error | null; dropped: number } {
    if (this.held === undefined && this.dropped === 0) return { error: null, dropped: 0 }
    const { errors, dropped } = this.take()
    return { error: joinErrors(errors), dropped }
  }

  setCap(cap: number): void {
    checkCount(cap, 'the cap')
    const kept = this.inOrder()
    const surplus = cap === 0 ? kept.length : Math.max(0, kept.length - cap)
    this.held = surplus === kept.length ? undefined : kept.slice(surplus)
    this.oldest = 0
    this.dropped += surplus
    this.cap = cap
  }

  get isEmpty(): boolean {
    return this.held === undefined && this.dropped === 0
  }

  get droppedSoFar(): number {
    return this.dropped
  }

  private inOrder(): Error[] {
    const held = this.held ?? []
    return this.oldest === 0 ? held : [...held.slice(this.oldest), ...held.slice(0, this.oldest)]
  }
}
