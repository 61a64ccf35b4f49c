import type { IncomingMessage, ServerResponse } from 'node:http'
import { isThenable } from '@svc/core/internal'

/** Answers a request. What it throws or rejects with is told by whoever runs it. */
export type Work = (exchange: Exchange) => unknown

/** Why a request's signal aborts, and its body fails: one object, since it carries no more than that. */
export const GONE: Error = new Error('The client has gone')

/** Why the body of a stream of events is cancelled when the server closes. */
export const CLOSING: Error = new Error('The server is closing')

/**
 * One request and its answer. It has ended when the answer is sent, or the client gone, and the handler has finished as
 * well: what a handler uses must not close before that.
 */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly ended: Promise<void>
  /** The client went away before it had the whole answer. */
  isGone = false
  /** The handler has a signal that tells it so. */
  hasSignal = false
  private readonly end: () => void
  private isClosed = false
  private isDone = false
  private whenClosed: (() => void)[] = []
  private whenLast: (() => void)[] = []
  private isLast = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
    const ended = Promise.withResolvers<void>()
    this.ended = ended.promise
    this.end = ended.resolve
    response.once('close', () => {
      this.close()
    })
  }

  /** The method and the path; what follows that may be secret. */
  get label(): string {
    return labelOf(this.request)
  }

  /** Calls `fn` once the answer is sent or the client gone, at once if that is so already. */
  onClose(fn: () => void): void {
    if (this.isClosed) fn()
    else this.whenClosed.push(fn)
  }

  /** Calls `fn` once the close of the server begins, at once if it has; not after the answer is sent. */
  onServerClose(fn: () => void): void {
    if (this.isLast) fn()
    else this.whenLast.push(fn)
  }

  /** The close of the server has begun. */
  endServer(): void {
    this.isLast = true
    for (const fn of this.whenLast) fn()
    this.whenLast = []
  }

  /** The answer is sent, or its connection lost. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.isGone = !this.response.writableFinished
    for (const fn of this.whenClosed) fn()
    this.whenClosed = []
    this.whenLast = []
    if (this.isDone) this.end()
  }

  /** Runs the handler; `fail` is told what it throws or rejects with, before the exchange ends. */
  run(work: Work, fail: (error: unknown) => void): void {
    const done = (): void => {
      this.isDone = true
      if (this.isClosed) this.end()
    }
    const failed = (error: unknown): void => {
      fail(error)
      done()
    }
    try {
      const result = work(this)
      if (isThenable(result)) result.then(done, failed)
      else done()
    } catch (error) {
      failed(error)
    }
  }
}

export function labelOf({ method = '', url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1)
  return `${method} ${path.slice(0, 100)}`
}
