import { type CancelTimer, startTimer } from '@svc/core/internal'
import type { Beat, Timetable } from './beat.ts'

/** A timer of a beat's own. */
export class Alarm implements Timetable {
  private readonly hold: boolean
  private cancel: CancelTimer | undefined = undefined
  private reached = 0

  /** @param hold whether the process stays alive while somebody waits for a tick. */
  constructor(hold: boolean) {
    this.hold = hold
  }

  now(): number {
    return Math.max(performance.now(), this.reached)
  }

  add(beat: Beat): void {
    const { due } = beat
    const ring = (): void => {
      this.cancel = undefined
      // A timer may fire a fraction of a millisecond early; the clock must not say that it has not.
      this.reached = due
      beat.ring(this.now())
    }
    this.cancel = startTimer(Math.max(Math.ceil(due - this.now()), 1), ring, this.hold)
  }

  remove(): void {
    this.cancel?.()
    this.cancel = undefined
  }
}
