import { type CancelTimer, now, startTimer } from '@svc/core/internal'
import { HEADERS, respondText } from '../respond.ts'
import type { Live } from './live.ts'

/** How many pages may be open at once. */
export const MOST_STREAMS = 32
/** No two updates come closer than this. */
const THROTTLE_MS = 500
/** The first change after a quiet time waits no longer than this, so that what comes together is sent together. */
const GATHER_MS = 50
/** Every so often each page hears something, so that it can tell a program that is quiet from one that is gone. */
const BEAT_MS = 5000

const encoder = new TextEncoder()

interface Reader {
  readonly live: Live
  /** What it has; `undefined` is nothing of use. */
  revision: number | undefined
  isDue: boolean
  /** Lets its next piece go. */
  wake: (() => void) | undefined
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  readonly end: () => void
}

/**
 * The open pages. Nothing is queued for them: a reader that has taken its last piece is sent what has changed since, in
 * one, and one that takes nothing costs nothing. While there is none, nothing is drawn.
 */
export class Streams {
  private readonly readers = new Set<Reader>()
  private beat: CancelTimer | undefined = undefined
  private timer: CancelTimer | undefined = undefined
  private drawnAt = 0

  /** Is told that something has changed; costs next to nothing, and runs in every tick. */
  changed(): void {
    if (this.readers.size > 0 && this.timer === undefined) this.arm()
  }

  /** Whether somebody reads a view. */
  uses(live: Live): boolean {
    for (const reader of this.readers) if (reader.live === live) return true
    return false
  }

  /** Opens a stream of server-sent events that goes on from what the page has, as `EPOCH.REVISION`. */
  open(request: Request, live: Live, known: string | null): Response {
    if (this.readers.size >= MOST_STREAMS) {
      return respondText(request, 503, `Cannot open another page: ${MOST_STREAMS} are open\n`, { 'Retry-After': '5' })
    }
    const headers = { ...HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' }
    if (request.method === 'HEAD') return new Response(null, { headers })
    live.refresh()
    return new Response(this.createBody(request.signal, live, known), { headers })
  }

  /** Ends all streams, or those of one view: their pages come back by themselves as long as there is somebody to come back to. */
  end(of?: Live): void {
    for (const { live, controller, end } of this.readers) {
      if (of !== undefined && of !== live) continue
      end()
      controller.close()
    }
  }

  private createBody(signal: AbortSignal, live: Live, known: string | null): ReadableStream<Uint8Array> {
    let reader: Reader | undefined
    const end = (): void => {
      if (reader !== undefined) this.remove(reader)
      signal.removeEventListener('abort', abort)
    }
    // A server that does not cancel the body of a client that has gone tells it so at least.
    const abort = (): void => {
      end()
      reader?.controller.close()
    }
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          reader = { live, revision: revisionOf(live, known), isDue: true, wake: undefined, controller, end }
          this.add(reader)
          signal.addEventListener('abort', abort)
          if (signal.aborted) abort()
        },
        pull: async (controller) => {
          if (reader !== undefined) await this.next(reader, controller)
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    )
  }

  private async next(reader: Reader, controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (!reader.isDue) {
      await new Promise<void>((resolve) => {
        reader.wake = resolve
      })
    }
    if (!this.readers.has(reader)) return
    const { live } = reader
    const { revision } = live.view
    const from = reader.revision !== undefined && live.view.knows(reader.revision) ? reader.revision : undefined
    const at = `{"at":${Math.round(now())}`
    const data = from === revision ? `${at}}` : `${at},${live.frame(from).slice(1)}`
    reader.revision = revision
    reader.isDue = false
    controller.enqueue(encoder.encode(`retry: 1000\nid: ${live.epoch}.${revision}\ndata: ${data}\n\n`))
  }

  private add(reader: Reader): void {
    this.readers.add(reader)
    this.beat ??= startTimer(BEAT_MS, () => this.pulse(), false)
  }

  private remove(reader: Reader): void {
    this.readers.delete(reader)
    reader.wake?.()
    if (this.readers.size > 0) return
    this.beat?.()
    this.timer?.()
    this.beat = undefined
    this.timer = undefined
  }

  private arm(): void {
    const wait = Math.max(GATHER_MS, this.drawnAt + THROTTLE_MS - performance.now())
    this.timer = startTimer(
      wait,
      () => {
        this.timer = undefined
        this.draw()
      },
      false,
    )
  }

  /** Also what depends on the time alone is drawn again now and then. */
  private pulse(): void {
    this.beat = startTimer(BEAT_MS, () => this.pulse(), false)
    for (const reader of this.readers) reader.isDue = true
    this.draw()
  }

  private draw(): void {
    this.drawnAt = performance.now()
    for (const live of new Set([...this.readers].map((reader) => reader.live))) {
      try {
        live.refresh()
      } catch {
        // A checker that cannot be read: what is shown is old from now on, and a page without a stream says so.
        this.end(live)
      }
      if (live.view.isBehind && this.timer === undefined) this.arm()
    }
    for (const reader of this.readers) {
      reader.isDue ||= reader.revision !== reader.live.view.revision
      if (reader.isDue) reader.wake?.()
    }
  }
}

/** What a page has, if it is of this view. */
function revisionOf({ epoch }: Live, known: string | null): number | undefined {
  const [of, revision = ''] = known?.split('.') ?? []
  return of === epoch && /^\d{1,15}$/.test(revision) ? Number(revision) : undefined
}
